CREATE TABLE "action_runs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "action_runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"exception_id" bigint NOT NULL,
	"episode" integer NOT NULL,
	"system" text NOT NULL,
	"action" text NOT NULL,
	"label" text NOT NULL,
	"values" jsonb NOT NULL,
	"target" jsonb,
	"state" text NOT NULL,
	"outcome" text,
	"words" text DEFAULT '' NOT NULL,
	"idempotency_key" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"requested_by" bigint NOT NULL,
	"approved_by" bigint,
	"worker" text,
	"sends" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"sent_at" timestamp with time zone,
	"settle_by" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"verified_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "clock_conflicts" (
	"subject_id" bigint NOT NULL,
	"contract" text NOT NULL,
	"timeline" text NOT NULL,
	"earlier_at" timestamp with time zone NOT NULL,
	"later_at" timestamp with time zone NOT NULL,
	CONSTRAINT "clock_conflicts_subject_id_contract_pk" PRIMARY KEY("subject_id","contract")
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"system" text NOT NULL,
	"key" text NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	CONSTRAINT "deliveries_system_key_pk" PRIMARY KEY("system","key")
);
--> statement-breakpoint
CREATE TABLE "episodes" (
	"exception_id" bigint NOT NULL,
	"episode" integer NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"closed_as" text,
	"closed_by" text,
	"run_id" bigint,
	CONSTRAINT "episodes_exception_id_episode_pk" PRIMARY KEY("exception_id","episode")
);
--> statement-breakpoint
CREATE TABLE "exceptions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "exceptions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"timeline" text NOT NULL,
	"subject_id" bigint NOT NULL,
	"contract" text NOT NULL,
	"state" text NOT NULL,
	"episode" integer DEFAULT 1 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closed_at" timestamp with time zone,
	"status" text NOT NULL,
	"severity" text NOT NULL,
	"evidence" text NOT NULL,
	"magnitude" double precision NOT NULL,
	"dismissal_holds" boolean DEFAULT false NOT NULL,
	"value_minor" bigint,
	"currency" text,
	"promise_at" timestamp with time zone,
	"channel" text,
	"route_reason" text,
	"claimed_by" bigint,
	"claimed_at" timestamp with time zone,
	"decided_by" bigint,
	"decided_at" timestamp with time zone,
	"decided_what" text,
	"decided_on_version" integer,
	"merged_into" bigint
);
--> statement-breakpoint
CREATE TABLE "expectations" (
	"subject_id" bigint NOT NULL,
	"contract" text NOT NULL,
	"timeline" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"next_check_at" timestamp with time zone NOT NULL,
	"waiting_for" text,
	CONSTRAINT "expectations_subject_id_contract_pk" PRIMARY KEY("subject_id","contract")
);
--> statement-breakpoint
CREATE TABLE "facts" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "facts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"timeline" text NOT NULL,
	"system" text NOT NULL,
	"role" text NOT NULL,
	"type" text NOT NULL,
	"external_id" text NOT NULL,
	"version" double precision NOT NULL,
	"keys" jsonb NOT NULL,
	"order_class" text,
	"state" text NOT NULL,
	"raw_state" text NOT NULL,
	"quantities" jsonb NOT NULL,
	"attributes" jsonb NOT NULL,
	"changed_by" jsonb NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	CONSTRAINT "facts_id_received_at_pk" PRIMARY KEY("id","received_at")
) PARTITION BY RANGE ("received_at");
--> statement-breakpoint
CREATE TABLE "identities" (
	"surface" text NOT NULL,
	"external_id" text NOT NULL,
	"person_id" bigint NOT NULL,
	CONSTRAINT "identities_surface_external_id_pk" PRIMARY KEY("surface","external_id")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"timeline" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"as_of" timestamp with time zone NOT NULL,
	"contracts" jsonb NOT NULL,
	"played" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "interventions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "interventions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"timeline" text NOT NULL,
	"person_id" bigint,
	"person_role" text,
	"kind" text NOT NULL,
	"action" text,
	"result" text,
	"exception_id" bigint,
	"subject_id" bigint,
	"contract" text,
	"handoff" jsonb,
	"started_at" timestamp with time zone,
	"reported_minutes" double precision,
	"note" text,
	"surface" text NOT NULL,
	"interaction_key" text,
	"snapshot" jsonb,
	"message" text
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"timeline" text NOT NULL,
	"system" text NOT NULL,
	"type" text NOT NULL,
	"external_id" text NOT NULL,
	"role" text NOT NULL,
	"version" double precision NOT NULL,
	"hash" text NOT NULL,
	"keys" jsonb NOT NULL,
	"order_class" text,
	"state" text NOT NULL,
	"raw_state" text NOT NULL,
	"quantities" jsonb NOT NULL,
	"attributes" jsonb NOT NULL,
	"changed_by" jsonb NOT NULL,
	"entered_at" jsonb NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"occurred_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	CONSTRAINT "objects_timeline_system_type_external_id_pk" PRIMARY KEY("timeline","system","type","external_id")
);
--> statement-breakpoint
CREATE TABLE "persons" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "persons_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "posts" (
	"exception_id" bigint NOT NULL,
	"surface" text NOT NULL,
	"channel" text NOT NULL,
	"ref" text,
	"desired_revision" integer NOT NULL,
	"posted_revision" integer DEFAULT 0 NOT NULL,
	"lease_by" text,
	"lease_until" timestamp with time zone,
	"next_attempt_at" timestamp with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"problem" text,
	CONSTRAINT "posts_exception_id_surface_pk" PRIMARY KEY("exception_id","surface")
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"fact_id" bigint PRIMARY KEY NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"quarantined_at" timestamp with time zone NOT NULL,
	"problem" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schedule_ticks" (
	"name" text NOT NULL,
	"tick" timestamp with time zone NOT NULL,
	CONSTRAINT "schedule_ticks_name_tick_pk" PRIMARY KEY("name","tick")
);
--> statement-breakpoint
CREATE TABLE "signals" (
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "signals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"system" text NOT NULL,
	"via" text NOT NULL,
	"received_at" timestamp with time zone NOT NULL,
	"delivery_key" text NOT NULL,
	"body" "bytea" NOT NULL,
	"problem" text,
	"bad_rows" integer DEFAULT 0 NOT NULL,
	"facts" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "signals_system_received_at_id_pk" PRIMARY KEY("system","received_at","id")
) PARTITION BY RANGE ("received_at");
--> statement-breakpoint
CREATE TABLE "subject_keys" (
	"timeline" text NOT NULL,
	"name" text NOT NULL,
	"value" text NOT NULL,
	"subject_id" bigint NOT NULL,
	CONSTRAINT "subject_keys_timeline_name_value_pk" PRIMARY KEY("timeline","name","value")
);
--> statement-breakpoint
CREATE TABLE "subject_links" (
	"timeline" text NOT NULL,
	"name" text NOT NULL,
	"value" text NOT NULL,
	"subject_id" bigint NOT NULL,
	CONSTRAINT "subject_links_timeline_name_value_subject_id_pk" PRIMARY KEY("timeline","name","value","subject_id")
);
--> statement-breakpoint
CREATE TABLE "subject_objects" (
	"subject_id" bigint NOT NULL,
	"system" text NOT NULL,
	"type" text NOT NULL,
	"external_id" text NOT NULL,
	CONSTRAINT "subject_objects_subject_id_system_type_external_id_pk" PRIMARY KEY("subject_id","system","type","external_id")
);
--> statement-breakpoint
CREATE TABLE "subjects" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "subjects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"timeline" text NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"merged_into" bigint
);
--> statement-breakpoint
CREATE TABLE "system_state" (
	"system" text PRIMARY KEY NOT NULL,
	"cursor" text,
	"watermark" timestamp with time zone,
	"skew_ms" double precision,
	"last_signal_at" timestamp with time zone,
	"down_since" timestamp with time zone,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" text PRIMARY KEY NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"heartbeat_at" timestamp with time zone NOT NULL,
	"queue_workers" text[] NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "action_runs_one_active" ON "action_runs" USING btree ("exception_id") WHERE state <> 'finished';--> statement-breakpoint
CREATE INDEX "action_runs_exception" ON "action_runs" USING btree ("exception_id","id");--> statement-breakpoint
CREATE INDEX "action_runs_active" ON "action_runs" USING btree ("state") WHERE state <> 'finished';--> statement-breakpoint
CREATE INDEX "clock_conflicts_timeline" ON "clock_conflicts" USING btree ("timeline","contract");--> statement-breakpoint
CREATE UNIQUE INDEX "exceptions_one" ON "exceptions" USING btree ("subject_id","contract") WHERE merged_into is null;--> statement-breakpoint
CREATE INDEX "exceptions_merged" ON "exceptions" USING btree ("merged_into") WHERE merged_into is not null;--> statement-breakpoint
CREATE INDEX "exceptions_open" ON "exceptions" USING btree ("timeline","opened_at") WHERE state = 'open';--> statement-breakpoint
CREATE INDEX "exceptions_closed" ON "exceptions" USING btree ("timeline","closed_at");--> statement-breakpoint
CREATE INDEX "expectations_due" ON "expectations" USING btree ("timeline","next_check_at");--> statement-breakpoint
CREATE INDEX "facts_object" ON "facts" USING btree ("timeline","system","type","external_id","version");--> statement-breakpoint
CREATE UNIQUE INDEX "interventions_interaction" ON "interventions" USING btree ("surface","interaction_key");--> statement-breakpoint
CREATE INDEX "interventions_exception" ON "interventions" USING btree ("exception_id","id");--> statement-breakpoint
CREATE INDEX "interventions_at" ON "interventions" USING btree ("timeline","at");--> statement-breakpoint
CREATE INDEX "objects_orders" ON "objects" USING btree ("timeline","first_at") WHERE type = 'order' and role = 'storefront';--> statement-breakpoint
CREATE INDEX "posts_due" ON "posts" USING btree ("next_attempt_at") WHERE desired_revision > posted_revision;--> statement-breakpoint
CREATE INDEX "signals_problem" ON "signals" USING btree ("received_at") WHERE problem is not null;--> statement-breakpoint
CREATE INDEX "subject_keys_subject" ON "subject_keys" USING btree ("subject_id");--> statement-breakpoint
CREATE INDEX "subject_keys_value" ON "subject_keys" USING btree ("value");--> statement-breakpoint
CREATE INDEX "subject_links_subject" ON "subject_links" USING btree ("subject_id");--> statement-breakpoint
CREATE INDEX "subject_links_value" ON "subject_links" USING btree ("value");--> statement-breakpoint
CREATE INDEX "subject_objects_object" ON "subject_objects" USING btree ("system","type","external_id");--> statement-breakpoint
CREATE INDEX "subjects_merged" ON "subjects" USING btree ("merged_into") WHERE merged_into is not null;