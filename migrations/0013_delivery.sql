CREATE TABLE "delivery_troubles" (
	"surface" text NOT NULL,
	"about" text NOT NULL,
	"words" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"retry_at" timestamp with time zone NOT NULL,
	"tell_at" timestamp with time zone,
	CONSTRAINT "delivery_troubles_surface_about_pk" PRIMARY KEY("surface","about")
);
--> statement-breakpoint
CREATE TABLE "rate_budgets" (
	"surface" text NOT NULL,
	"key" text NOT NULL,
	"full_at" timestamp with time zone NOT NULL,
	"waits" integer DEFAULT 0 NOT NULL,
	"limited" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "rate_budgets_surface_key_pk" PRIMARY KEY("surface","key")
);
--> statement-breakpoint
CREATE TABLE "stray_posts" (
	"surface" text NOT NULL,
	"ref" text NOT NULL,
	"card" text NOT NULL,
	"next_attempt_at" timestamp with time zone NOT NULL,
	CONSTRAINT "stray_posts_surface_ref_pk" PRIMARY KEY("surface","ref")
);
--> statement-breakpoint
DROP INDEX "posts_due";--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "priority" smallint DEFAULT 2 NOT NULL;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "detour" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "plain_revision" integer;--> statement-breakpoint
CREATE INDEX "posts_due" ON "posts" USING btree ("surface","priority","next_attempt_at") WHERE desired_revision > posted_revision;