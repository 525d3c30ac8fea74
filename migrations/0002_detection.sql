CREATE TABLE "baselines" (
	"contract" text NOT NULL,
	"from_system" text NOT NULL,
	"to_system" text NOT NULL,
	"value" text NOT NULL,
	"state" text NOT NULL,
	"learned_at" timestamp with time zone NOT NULL,
	"sample" integer NOT NULL,
	"median_ms" double precision NOT NULL,
	"quantile_ms" double precision NOT NULL,
	"agreed_by" bigint,
	CONSTRAINT "baselines_contract_from_system_to_system_value_state_pk" PRIMARY KEY("contract","from_system","to_system","value","state")
);
--> statement-breakpoint
CREATE TABLE "cannot_links" (
	"timeline" text NOT NULL,
	"first_name" text NOT NULL,
	"first_value" text NOT NULL,
	"second_name" text NOT NULL,
	"second_value" text NOT NULL,
	"person_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "cannot_links_timeline_first_name_first_value_second_name_second_value_pk" PRIMARY KEY("timeline","first_name","first_value","second_name","second_value")
);
--> statement-breakpoint
CREATE TABLE "lags" (
	"contract" text NOT NULL,
	"from_system" text NOT NULL,
	"to_system" text NOT NULL,
	"value" text NOT NULL,
	"reached_at" timestamp with time zone NOT NULL,
	"ms" double precision NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mappings" (
	"kind" text NOT NULL,
	"system" text NOT NULL,
	"value" text NOT NULL,
	"canonical" text NOT NULL,
	"person_id" bigint,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "mappings_kind_system_value_pk" PRIMARY KEY("kind","system","value")
);
--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "root_id" bigint;--> statement-breakpoint
ALTER TABLE "exceptions" ADD COLUMN "grace_words" text;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "suspect_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "suspect_why" text;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "reconcile_started_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "reconcile_cursor" text;--> statement-breakpoint
ALTER TABLE "system_state" ADD COLUMN "reconciled_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "cannot_links_second" ON "cannot_links" USING btree ("timeline","second_name","second_value");--> statement-breakpoint
CREATE INDEX "lags_contract" ON "lags" USING btree ("contract","reached_at");--> statement-breakpoint
CREATE INDEX "exceptions_root" ON "exceptions" USING btree ("root_id") WHERE root_id is not null;--> statement-breakpoint
CREATE INDEX "exceptions_contract" ON "exceptions" USING btree ("timeline","contract","opened_at");