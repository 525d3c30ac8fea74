CREATE TABLE "surface_keep" (
	"surface" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"is_sealed" boolean NOT NULL,
	"value" text NOT NULL,
	CONSTRAINT "surface_keep_surface_is_sealed_kind_key_pk" PRIMARY KEY("surface","is_sealed","kind","key")
);
