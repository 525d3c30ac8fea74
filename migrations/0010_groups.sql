CREATE TABLE "group_members" (
	"exception_id" bigint PRIMARY KEY NOT NULL,
	"group_id" bigint NOT NULL,
	"place" text NOT NULL,
	"at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "groups" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "groups_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"channel" text NOT NULL,
	"key" text NOT NULL,
	"parts" jsonb NOT NULL,
	"rule" jsonb NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"storm_at" timestamp with time zone,
	"closed_at" timestamp with time zone,
	"bar" jsonb NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"showing" integer DEFAULT 1 NOT NULL,
	"refreshed_at" timestamp with time zone NOT NULL,
	"posted_at" timestamp with time zone NOT NULL,
	"next_look_at" timestamp with time zone NOT NULL,
	"shown" text DEFAULT '' NOT NULL,
	"figures" jsonb
);
--> statement-breakpoint
CREATE INDEX "group_members_group" ON "group_members" USING btree ("group_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "groups_open" ON "groups" USING btree ("channel","key") WHERE closed_at is null;--> statement-breakpoint
CREATE INDEX "groups_due" ON "groups" USING btree ("next_look_at") WHERE closed_at is null;--> statement-breakpoint
CREATE INDEX "groups_closed" ON "groups" USING btree ("closed_at") WHERE closed_at is not null;