-- The whole schema, as the migrations make it. Written by `make schema`; read it, do not edit it.
--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: btree_gin; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

--
-- Name: EXTENSION btree_gin; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

--
-- Name: begin_turn_notices(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.begin_turn_notices() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into turn_notices (account_id, due_at) values (new.account_id, '-infinity') on conflict do nothing;
  return null;
end
$$;

--
-- Name: clean_search_index(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.clean_search_index() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public'
    AS $$
  select gin_clean_pending_list('alert_texts_search')
$$;

--
-- Name: count_configuration_version(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.count_configuration_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into configuration_versions (account_id, version)
  values (case when tg_op = 'DELETE' then old.account_id else new.account_id end, 1)
  on conflict (account_id) do update set version = configuration_versions.version + 1;
  return null;
end
$$;

--
-- Name: forget_alert_texts(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.forget_alert_texts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public'
    AS $$
begin
  delete from alert_texts t using gone g where t.account_id = g.account_id and t.alert_id = g.id;
  return null;
end
$$;

--
-- Name: keep_finalised_document(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.keep_finalised_document() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  if tg_op = 'DELETE' then
    if old.number is not null and current_setting('tocsin.erasing', true) is distinct from 'on' then
      raise exception 'Document % is final and is kept.', old.number;
    end if;
    return old;
  end if;
  if old.number is not null and
     (old.number, old.kind, old.currency, old.dated_on, old.issued_at, old.net_minor, old.tax_minor, old.gross_minor,
      old.seller, old.buyer, old.taxes, old.po_number)
     is distinct from
     (new.number, new.kind, new.currency, new.dated_on, new.issued_at, new.net_minor, new.tax_minor, new.gross_minor,
      new.seller, new.buyer, new.taxes, new.po_number) then
    raise exception 'Document % is final: correct it by a credit note.', old.number;
  end if;
  return new;
end
$$;

--
-- Name: look_for_turn_notices(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.look_for_turn_notices() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  update turn_notices set due_at = '-infinity' where account_id = new.account_id and due_at <> '-infinity';
  return null;
end
$$;

--
-- Name: protect(regclass, text); Type: PROCEDURE; Schema: public; Owner: -
--

CREATE PROCEDURE public.protect(IN guarded regclass, IN account_column text DEFAULT 'account_id'::text)
    LANGUAGE plpgsql
    AS $$
begin
  execute format('alter table %s enable row level security', guarded);
  execute format('alter table %s force row level security', guarded);
  execute format('create policy tenant on %s using (%I = any ((select visible_accounts())::bigint[]))',
                 guarded, account_column);
  execute format('create policy engine on %s to tocsin_engine, tocsin_owner using (true) with check (true)', guarded);
  execute format('grant select, insert, update, delete on %s to tocsin_app, tocsin_engine', guarded);
end
$$;

--
-- Name: queue_changed_alert(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.queue_changed_alert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into search_queue (account_id, alert_id) values (new.account_id, new.id);
  return null;
end
$$;

--
-- Name: queue_new_alerts(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.queue_new_alerts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  insert into search_queue (account_id, alert_id) select account_id, id from made;
  return null;
end
$$;

--
-- Name: refuse_change_of_price_book(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change_of_price_book() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'A published price book never changes: publish another version instead.';
end
$$;

--
-- Name: refuse_change_of_term(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change_of_term() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'A term of account % is a fact: add another one instead.', old.account_id;
end
$$;

--
-- Name: visible_account(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.visible_account() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $_$
  select case when current_setting('tocsin.accounts', true) ~ '^[0-9]{1,18}$'
              then current_setting('tocsin.accounts', true)::bigint end
$_$;

--
-- Name: visible_accounts(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.visible_accounts() RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select string_to_array(nullif(current_setting('tocsin.accounts', true), ''), ',')::bigint[]
$$;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: accounts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.accounts (
    id bigint NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    locale text DEFAULT 'en'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    legal_hold boolean DEFAULT false NOT NULL,
    CONSTRAINT accounts_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.accounts FORCE ROW LEVEL SECURITY;

--
-- Name: accounts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alert_attachments; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_attachments (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    alert_id text NOT NULL,
    name text NOT NULL,
    index_file text DEFAULT ''::text NOT NULL,
    content bytea NOT NULL,
    created_by text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.alert_attachments FORCE ROW LEVEL SECURITY;

--
-- Name: alert_attachments_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.alert_attachments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_attachments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alert_counters; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_counters (
    account_id bigint NOT NULL,
    last_tiny_id bigint NOT NULL
);

ALTER TABLE ONLY public.alert_counters FORCE ROW LEVEL SECURITY;

--
-- Name: alert_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_log (
    account_id bigint NOT NULL,
    alert_id text NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    owner text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE ONLY public.alert_log FORCE ROW LEVEL SECURITY;

--
-- Name: alert_log_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.alert_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alert_notes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_notes (
    account_id bigint NOT NULL,
    alert_id text NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    owner text NOT NULL,
    note text NOT NULL
);

ALTER TABLE ONLY public.alert_notes FORCE ROW LEVEL SECURITY;

--
-- Name: alert_notes_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.alert_notes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_notes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: alert_requests; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_requests (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    alert_id text DEFAULT ''::text NOT NULL,
    alias text DEFAULT ''::text NOT NULL,
    success boolean NOT NULL,
    status text NOT NULL,
    integration_id uuid,
    processed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.alert_requests FORCE ROW LEVEL SECURITY;

--
-- Name: alert_texts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_texts (
    account_id bigint NOT NULL,
    alert_id text NOT NULL,
    message text NOT NULL,
    description text NOT NULL,
    rest text NOT NULL,
    keys text[] NOT NULL
);

--
-- Name: alerts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alerts (
    account_id bigint NOT NULL,
    id text NOT NULL,
    tiny_id bigint NOT NULL,
    alias text NOT NULL,
    message text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    entity text DEFAULT ''::text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    priority smallint NOT NULL,
    status text NOT NULL,
    acknowledged boolean DEFAULT false NOT NULL,
    seen boolean DEFAULT false NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text DEFAULT ''::text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text DEFAULT ''::text NOT NULL,
    snoozed_until timestamp with time zone,
    owner text DEFAULT ''::text NOT NULL,
    owner_team_id uuid,
    integration_id uuid,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    actions text[] DEFAULT '{}'::text[] NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    responders jsonb DEFAULT '[]'::jsonb NOT NULL,
    visible_to jsonb DEFAULT '[]'::jsonb NOT NULL,
    count integer DEFAULT 1 NOT NULL,
    occurrences bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    last_occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT alerts_priority_check CHECK (((priority >= 1) AND (priority <= 5))),
    CONSTRAINT alerts_status_check CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text, 'deleted'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.alerts FORCE ROW LEVEL SECURITY;

--
-- Name: attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.attempts (
    account_id bigint NOT NULL,
    notification_id bigint NOT NULL,
    number integer NOT NULL,
    provider text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    outcome text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    receipt text DEFAULT ''::text NOT NULL,
    CONSTRAINT attempts_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'delivered'::text, 'failed'::text, 'unknown'::text])))
);

ALTER TABLE ONLY public.attempts FORCE ROW LEVEL SECURITY;

--
-- Name: audit_log; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_log (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    object_name text DEFAULT ''::text NOT NULL,
    before jsonb,
    after jsonb,
    address text DEFAULT ''::text NOT NULL,
    request_id uuid
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

--
-- Name: audit_log_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: billing_commands; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.billing_commands (
    account_id bigint NOT NULL,
    key text NOT NULL,
    command jsonb NOT NULL,
    by_user_id uuid,
    status text NOT NULL,
    result jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT billing_commands_key_check CHECK ((key <> ''::text)),
    CONSTRAINT billing_commands_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'declined'::text])))
);

ALTER TABLE ONLY public.billing_commands FORCE ROW LEVEL SECURITY;

--
-- Name: billing_information; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.billing_information (
    account_id bigint NOT NULL,
    name text NOT NULL,
    address text[] NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    vat_id text NOT NULL,
    vat_verified_at timestamp with time zone,
    emails text[] NOT NULL,
    reference text NOT NULL,
    locale text NOT NULL,
    vat_check jsonb,
    vat_retry_at timestamp with time zone
);

ALTER TABLE ONLY public.billing_information FORCE ROW LEVEL SECURITY;

--
-- Name: calendar_feeds; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.calendar_feeds (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    schedule_id uuid,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_read_at timestamp with time zone
);

ALTER TABLE ONLY public.calendar_feeds FORCE ROW LEVEL SECURITY;

--
-- Name: card_customers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.card_customers (
    account_id bigint NOT NULL,
    key uuid NOT NULL,
    customer text,
    CONSTRAINT card_customers_customer_check CHECK ((customer <> ''::text))
);

ALTER TABLE ONLY public.card_customers FORCE ROW LEVEL SECURITY;

--
-- Name: card_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.card_events (
    account_id bigint NOT NULL,
    id text NOT NULL,
    at timestamp with time zone NOT NULL,
    handled_at timestamp with time zone NOT NULL,
    CONSTRAINT card_events_id_check CHECK ((id <> ''::text))
);

ALTER TABLE ONLY public.card_events FORCE ROW LEVEL SECURITY;

--
-- Name: cards; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.cards (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    brand text NOT NULL,
    last4 text NOT NULL,
    exp_month smallint NOT NULL,
    exp_year smallint NOT NULL,
    funding text NOT NULL,
    country text,
    added_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    CONSTRAINT cards_brand_check CHECK ((brand <> ''::text)),
    CONSTRAINT cards_exp_month_check CHECK (((exp_month >= 1) AND (exp_month <= 12))),
    CONSTRAINT cards_exp_year_check CHECK (((exp_year >= 2000) AND (exp_year <= 2999))),
    CONSTRAINT cards_funding_check CHECK ((funding = ANY (ARRAY['credit'::text, 'debit'::text, 'prepaid'::text, 'unknown'::text]))),
    CONSTRAINT cards_last4_check CHECK ((last4 ~ '^[0-9]{4}$'::text)),
    CONSTRAINT cards_ref_check CHECK ((ref <> ''::text))
);

ALTER TABLE ONLY public.cards FORCE ROW LEVEL SECURITY;

--
-- Name: charges; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.charges (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    purpose text NOT NULL,
    document_id uuid,
    command_key text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    card_id uuid,
    status text NOT NULL,
    code text DEFAULT ''::text NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    due_at timestamp with time zone,
    CONSTRAINT charges_amount_minor_check CHECK ((amount_minor > 0)),
    CONSTRAINT charges_purpose_check CHECK ((purpose = ANY (ARRAY['order'::text, 'conversion'::text, 'invoice'::text]))),
    CONSTRAINT charges_status_check CHECK ((status = ANY (ARRAY['wanted'::text, 'sent'::text, 'paid'::text, 'declined'::text, 'action_required'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.charges FORCE ROW LEVEL SECURITY;

--
-- Name: configuration_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.configuration_versions (
    account_id bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY public.configuration_versions FORCE ROW LEVEL SECURITY;

--
-- Name: contacts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.contacts (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    method text NOT NULL,
    address text NOT NULL,
    secret bytea,
    enabled boolean DEFAULT true NOT NULL,
    verified_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT contacts_address_check CHECK ((address <> ''::text)),
    CONSTRAINT contacts_method_check CHECK ((method = ANY (ARRAY['email'::text, 'webhook'::text, 'sms'::text, 'voice'::text, 'push'::text])))
);

ALTER TABLE ONLY public.contacts FORCE ROW LEVEL SECURITY;

--
-- Name: countries_used; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.countries_used (
    account_id bigint NOT NULL,
    country text NOT NULL,
    first_at timestamp with time zone NOT NULL,
    units integer NOT NULL,
    alerted_at timestamp with time zone,
    done_at timestamp with time zone
);

ALTER TABLE ONLY public.countries_used FORCE ROW LEVEL SECURITY;

--
-- Name: country_overrides; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.country_overrides (
    code text NOT NULL,
    sms boolean NOT NULL,
    voice boolean NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT country_overrides_code_check CHECK ((code ~ '^[A-Z]{2}$'::text))
);

--
-- Name: deletions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.deletions (
    account_id bigint NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    token_hash bytea NOT NULL,
    proof_to text NOT NULL,
    locale text NOT NULL,
    time_zone text NOT NULL,
    due_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.deletions FORCE ROW LEVEL SECURITY;

--
-- Name: deletions_done; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.deletions_done (
    id bigint NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    rows_erased bigint NOT NULL,
    documents_archived integer NOT NULL
);

--
-- Name: deletions_done_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.deletions_done ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deletions_done_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: document_files; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.document_files (
    account_id bigint NOT NULL,
    document_id uuid NOT NULL,
    format text NOT NULL,
    content bytea NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT document_files_format_check CHECK ((format = ANY (ARRAY['pdf'::text, 'xml'::text])))
);

ALTER TABLE ONLY public.document_files FORCE ROW LEVEL SECURITY;

--
-- Name: document_lines; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.document_lines (
    account_id bigint NOT NULL,
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    item text NOT NULL,
    quantity integer NOT NULL,
    amount_minor bigint NOT NULL,
    unit_minor bigint,
    starts_on date,
    ends_on date,
    days_left integer,
    days integer,
    credits uuid,
    tax_category text NOT NULL,
    tax_rate_bp integer NOT NULL,
    detail jsonb NOT NULL,
    running boolean DEFAULT false NOT NULL,
    CONSTRAINT document_lines_check CHECK (((days_left >= 0) AND (days_left <= days))),
    CONSTRAINT document_lines_check1 CHECK ((starts_on < ends_on)),
    CONSTRAINT document_lines_tax_rate_bp_check CHECK (((tax_rate_bp >= 0) AND (tax_rate_bp <= 10000)))
);

ALTER TABLE ONLY public.document_lines FORCE ROW LEVEL SECURITY;

--
-- Name: document_series; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.document_series (
    seller text NOT NULL,
    kind text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    CONSTRAINT document_series_last_check CHECK ((last > 0))
);

--
-- Name: documents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.documents (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    number text,
    series_seller text,
    series_year integer,
    series_number integer,
    currency text NOT NULL,
    dated_on date NOT NULL,
    issued_at timestamp with time zone,
    due_at timestamp with time zone,
    taxes jsonb NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    gross_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    seller jsonb,
    buyer jsonb NOT NULL,
    collection text NOT NULL,
    po_number text NOT NULL,
    notes text[] NOT NULL,
    zone text NOT NULL,
    credits uuid,
    book_version integer NOT NULL,
    finalise_at timestamp with time zone,
    is_final boolean,
    windows jsonb,
    due_on date,
    day_done integer,
    hard boolean DEFAULT false NOT NULL,
    charging boolean DEFAULT false NOT NULL,
    render_at timestamp with time zone,
    render_tries integer DEFAULT 0 NOT NULL,
    corrects uuid,
    CONSTRAINT documents_check CHECK (((status = 'draft'::text) = (number IS NULL))),
    CONSTRAINT documents_check1 CHECK (((number IS NULL) = (series_number IS NULL))),
    CONSTRAINT documents_check2 CHECK (((number IS NULL) = (issued_at IS NULL))),
    CONSTRAINT documents_check3 CHECK (((number IS NULL) OR ((seller IS NOT NULL) AND (gross_minor >= 0) AND (gross_minor = (net_minor + tax_minor))))),
    CONSTRAINT documents_check4 CHECK (((number IS NULL) OR ((paid_minor >= 0) AND (paid_minor <= gross_minor)))),
    CONSTRAINT documents_check5 CHECK (((kind = 'invoice'::text) OR (status = 'issued'::text))),
    CONSTRAINT documents_check6 CHECK (((corrects IS NULL) OR (kind = 'invoice'::text))),
    CONSTRAINT documents_collection_check CHECK ((collection = ANY (ARRAY['card'::text, 'invoice'::text]))),
    CONSTRAINT documents_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT documents_kind_check CHECK ((kind = ANY (ARRAY['invoice'::text, 'credit_note'::text]))),
    CONSTRAINT documents_number_check CHECK ((number <> ''::text)),
    CONSTRAINT documents_series_number_check CHECK ((series_number > 0)),
    CONSTRAINT documents_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'open'::text, 'action_required'::text, 'partially_paid'::text, 'paid'::text, 'written_off'::text, 'issued'::text])))
);

ALTER TABLE ONLY public.documents FORCE ROW LEVEL SECURITY;

--
-- Name: escalation_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.escalation_rules (
    account_id bigint NOT NULL,
    escalation_id uuid NOT NULL,
    "position" integer NOT NULL,
    condition text NOT NULL,
    notify_type text NOT NULL,
    delay interval NOT NULL,
    recipient_type text NOT NULL,
    recipient_id uuid NOT NULL,
    CONSTRAINT escalation_rules_condition_check CHECK ((condition = ANY (ARRAY['if-not-acked'::text, 'if-not-closed'::text]))),
    CONSTRAINT escalation_rules_delay_check CHECK ((delay >= '00:00:00'::interval)),
    CONSTRAINT escalation_rules_notify_type_check CHECK ((notify_type = ANY (ARRAY['default'::text, 'next'::text, 'previous'::text, 'users'::text, 'admins'::text, 'random'::text, 'all'::text]))),
    CONSTRAINT escalation_rules_recipient_type_check CHECK ((recipient_type = ANY (ARRAY['user'::text, 'team'::text, 'schedule'::text])))
);

ALTER TABLE ONLY public.escalation_rules FORCE ROW LEVEL SECURITY;

--
-- Name: escalation_runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.escalation_runs (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    alert_id text NOT NULL,
    responder_type text NOT NULL,
    responder_id uuid NOT NULL,
    escalation_id uuid,
    path jsonb DEFAULT '[]'::jsonb NOT NULL,
    started_at timestamp with time zone NOT NULL,
    round integer DEFAULT 0 NOT NULL,
    round_started_at timestamp with time zone,
    done_through timestamp with time zone,
    escalated boolean DEFAULT false NOT NULL,
    due_at timestamp with time zone,
    error text DEFAULT ''::text NOT NULL,
    CONSTRAINT escalation_runs_responder_type_check CHECK ((responder_type = ANY (ARRAY['user'::text, 'team'::text, 'schedule'::text, 'escalation'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.escalation_runs FORCE ROW LEVEL SECURITY;

--
-- Name: escalation_runs_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.escalation_runs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.escalation_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: escalations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.escalations (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    team_id uuid,
    repeat_wait interval DEFAULT '00:00:00'::interval NOT NULL,
    repeat_count integer DEFAULT 0 NOT NULL,
    reset_recipient_states boolean DEFAULT false NOT NULL,
    close_alert_after_all boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    inactive_since timestamp with time zone,
    CONSTRAINT escalations_name_check CHECK ((name <> ''::text)),
    CONSTRAINT escalations_repeat_count_check CHECK (((repeat_count >= 0) AND (repeat_count <= 20)))
);

ALTER TABLE ONLY public.escalations FORCE ROW LEVEL SECURITY;

--
-- Name: fair_use_cases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fair_use_cases (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    status text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    effective_at timestamp with time zone,
    windows jsonb NOT NULL,
    currency text NOT NULL,
    plan text NOT NULL,
    CONSTRAINT fair_use_cases_status_check CHECK ((status = ANY (ARRAY['opened'::text, 'dismissed'::text, 'noticed'::text, 'withdrawn'::text, 'effective'::text, 'returned'::text])))
);

ALTER TABLE ONLY public.fair_use_cases FORCE ROW LEVEL SECURITY;

--
-- Name: fair_use_notes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fair_use_notes (
    account_id bigint NOT NULL,
    case_id uuid NOT NULL,
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    by text NOT NULL,
    action text NOT NULL,
    note text NOT NULL
);

ALTER TABLE ONLY public.fair_use_notes FORCE ROW LEVEL SECURITY;

--
-- Name: fair_use_notes_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.fair_use_notes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fair_use_notes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: fiscal_archive; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.fiscal_archive (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    keep_until date NOT NULL,
    document jsonb NOT NULL,
    payments jsonb NOT NULL,
    pdf bytea,
    xml bytea
);

--
-- Name: fiscal_archive_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.fiscal_archive ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.fiscal_archive_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: forwarding_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forwarding_rules (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    alias text NOT NULL,
    from_user_id uuid NOT NULL,
    to_user_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT forwarding_rules_alias_check CHECK ((alias <> ''::text)),
    CONSTRAINT forwarding_rules_check CHECK ((ends_at > starts_at)),
    CONSTRAINT forwarding_rules_check1 CHECK ((from_user_id <> to_user_id))
);

ALTER TABLE ONLY public.forwarding_rules FORCE ROW LEVEL SECURITY;

--
-- Name: inquiries; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.inquiries (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    about text NOT NULL,
    message text NOT NULL,
    locale text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    account_id bigint,
    subscription text DEFAULT ''::text NOT NULL
);

ALTER TABLE ONLY public.inquiries FORCE ROW LEVEL SECURITY;

--
-- Name: integrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.integrations (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    key_hash bytea NOT NULL,
    key_hint text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    allow_read_access boolean DEFAULT true NOT NULL,
    allow_write_access boolean DEFAULT true NOT NULL,
    allow_delete_access boolean DEFAULT true NOT NULL,
    allow_configuration_access boolean DEFAULT false NOT NULL,
    team_id uuid,
    responders jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    allow_billing_access boolean DEFAULT false NOT NULL,
    CONSTRAINT integrations_name_check CHECK ((name <> ''::text)),
    CONSTRAINT integrations_type_check CHECK ((type = ANY (ARRAY['API'::text, 'Key'::text])))
);

ALTER TABLE ONLY public.integrations FORCE ROW LEVEL SECURITY;

--
-- Name: kept; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.kept (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    id uuid NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT kept_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'schedule'::text, 'escalation'::text])))
);

ALTER TABLE ONLY public.kept FORCE ROW LEVEL SECURITY;

--
-- Name: mail_attachments; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mail_attachments (
    account_id bigint NOT NULL,
    mail_id bigint NOT NULL,
    place integer NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT mail_attachments_content_check CHECK ((length(content) <= 5000000))
);

ALTER TABLE ONLY public.mail_attachments FORCE ROW LEVEL SECURITY;

--
-- Name: mails; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.mails (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    purpose text NOT NULL,
    to_address text NOT NULL,
    subject text NOT NULL,
    text_body text NOT NULL,
    html_body text NOT NULL,
    status text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    letter_id uuid,
    CONSTRAINT mails_status_check CHECK ((status = ANY (ARRAY['due'::text, 'sending'::text, 'retrying'::text, 'accepted'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.mails FORCE ROW LEVEL SECURITY;

--
-- Name: mails_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.mails ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.mails_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: notification_repeats; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notification_repeats (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    alert_id text NOT NULL,
    user_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    key text NOT NULL,
    action_type text NOT NULL,
    path jsonb NOT NULL,
    told_at timestamp with time zone NOT NULL,
    turn integer NOT NULL,
    due_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.notification_repeats FORCE ROW LEVEL SECURITY;

--
-- Name: notification_repeats_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.notification_repeats ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_repeats_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: notification_rule_steps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notification_rule_steps (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    rule_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    after interval NOT NULL,
    "position" integer NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT notification_rule_steps_after_check CHECK ((after >= '00:00:00'::interval))
);

ALTER TABLE ONLY public.notification_rule_steps FORCE ROW LEVEL SECURITY;

--
-- Name: notification_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notification_rules (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    action_type text NOT NULL,
    "position" integer NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    inactive_since timestamp with time zone,
    criteria jsonb DEFAULT '{"type": "match-all"}'::jsonb NOT NULL,
    restriction jsonb,
    times text[] DEFAULT '{}'::text[] NOT NULL,
    schedule_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    repeat_after interval,
    repeat_enabled boolean DEFAULT false NOT NULL,
    CONSTRAINT notification_rules_action_type_check CHECK ((action_type = ANY (ARRAY['create-alert'::text, 'acknowledged-alert'::text, 'closed-alert'::text, 'assigned-alert'::text, 'add-note'::text, 'renotified-alert'::text, 'schedule-start'::text, 'schedule-end'::text, 'incoming-call-routing'::text]))),
    CONSTRAINT notification_rules_repeat_after_check CHECK ((repeat_after > '00:00:00'::interval))
);

ALTER TABLE ONLY public.notification_rules FORCE ROW LEVEL SECURITY;

--
-- Name: notifications; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.notifications (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    key text NOT NULL,
    alert_id text,
    user_id uuid NOT NULL,
    contact_id uuid,
    method text NOT NULL,
    address text NOT NULL,
    action_type text NOT NULL,
    reason jsonb NOT NULL,
    told_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    status_reason text DEFAULT ''::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT notifications_check CHECK (((status = ANY (ARRAY['due'::text, 'sending'::text, 'retrying'::text])) = (due_at IS NOT NULL))),
    CONSTRAINT notifications_check1 CHECK (((ended_at IS NULL) = (due_at IS NOT NULL))),
    CONSTRAINT notifications_status_check CHECK ((status = ANY (ARRAY['due'::text, 'sending'::text, 'retrying'::text, 'delivered'::text, 'accepted'::text, 'failed_over'::text, 'bundled'::text, 'cancelled'::text, 'suppressed'::text, 'failed'::text])))
)
WITH (fillfactor='70');

ALTER TABLE ONLY public.notifications FORCE ROW LEVEL SECURITY;

--
-- Name: notifications_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.notifications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: operators; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.operators (
    account_id bigint NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.operators FORCE ROW LEVEL SECURITY;

--
-- Name: overrides; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.overrides (
    account_id bigint NOT NULL,
    schedule_id uuid NOT NULL,
    alias text NOT NULL,
    user_id uuid,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    rotation_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT overrides_check CHECK ((ends_at > starts_at))
);

ALTER TABLE ONLY public.overrides FORCE ROW LEVEL SECURITY;

--
-- Name: passkeys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.passkeys (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone
);

ALTER TABLE ONLY public.passkeys FORCE ROW LEVEL SECURITY;

--
-- Name: payments; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.payments (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    method text NOT NULL,
    amount_minor bigint NOT NULL,
    excess_minor bigint NOT NULL,
    paid_at timestamp with time zone NOT NULL,
    reference text NOT NULL,
    CONSTRAINT payments_method_check CHECK ((method = ANY (ARRAY['card'::text, 'transfer'::text, 'cheque'::text, 'balance'::text, 'write_off'::text, 'credit_note'::text])))
);

ALTER TABLE ONLY public.payments FORCE ROW LEVEL SECURITY;

--
-- Name: price_books; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.price_books (
    version integer NOT NULL,
    document text NOT NULL,
    announced_at timestamp with time zone NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    published_by text DEFAULT ''::text NOT NULL,
    CONSTRAINT price_books_document_check CHECK ((document <> ''::text)),
    CONSTRAINT price_books_version_check CHECK ((version > 0))
);

--
-- Name: recovery_codes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recovery_codes (
    account_id bigint NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone
);

ALTER TABLE ONLY public.recovery_codes FORCE ROW LEVEL SECURITY;

--
-- Name: rented_numbers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rented_numbers (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    e164 text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    released_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT rented_numbers_e164_check CHECK ((e164 ~~ '+%'::text))
);

ALTER TABLE ONLY public.rented_numbers FORCE ROW LEVEL SECURITY;

--
-- Name: retention; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.retention (
    account_id bigint NOT NULL,
    reach interval NOT NULL,
    purge_from timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.retention FORCE ROW LEVEL SECURITY;

--
-- Name: roles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.roles (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    base text NOT NULL,
    granted text[] DEFAULT '{}'::text[] NOT NULL,
    disallowed text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT roles_base_check CHECK ((base = ANY (ARRAY['user'::text, 'observer'::text, 'stakeholder'::text]))),
    CONSTRAINT roles_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.roles FORCE ROW LEVEL SECURITY;

--
-- Name: rotations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rotations (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    schedule_id uuid NOT NULL,
    name text NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    length integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    participants jsonb NOT NULL,
    restriction jsonb,
    CONSTRAINT rotations_check CHECK ((ends_at > starts_at)),
    CONSTRAINT rotations_kind_check CHECK ((kind = ANY (ARRAY['daily'::text, 'weekly'::text, 'hourly'::text]))),
    CONSTRAINT rotations_length_check CHECK ((length > 0))
);

ALTER TABLE ONLY public.rotations FORCE ROW LEVEL SECURITY;

--
-- Name: routing_rules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.routing_rules (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    team_id uuid NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    "position" integer NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    notify_type text NOT NULL,
    notify_id uuid,
    inactive_since timestamp with time zone,
    criteria jsonb DEFAULT '{"type": "match-all"}'::jsonb NOT NULL,
    time_zone text,
    restriction jsonb,
    CONSTRAINT routing_rules_check CHECK (((notify_type = 'none'::text) = (notify_id IS NULL))),
    CONSTRAINT routing_rules_notify_type_check CHECK ((notify_type = ANY (ARRAY['none'::text, 'schedule'::text, 'escalation'::text])))
);

ALTER TABLE ONLY public.routing_rules FORCE ROW LEVEL SECURITY;

--
-- Name: saved_searches; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.saved_searches (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    owner_id uuid NOT NULL,
    team_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.saved_searches FORCE ROW LEVEL SECURITY;

--
-- Name: schedules; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schedules (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    time_zone text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    team_id uuid,
    created_at timestamp with time zone NOT NULL,
    inactive_since timestamp with time zone,
    CONSTRAINT schedules_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.schedules FORCE ROW LEVEL SECURITY;

--
-- Name: search_queue; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.search_queue (
    account_id bigint NOT NULL,
    alert_id text NOT NULL
);

ALTER TABLE ONLY public.search_queue FORCE ROW LEVEL SECURITY;

--
-- Name: searchable_texts; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.searchable_texts AS
 SELECT account_id,
    alert_id,
    message,
    description,
    rest,
    keys
   FROM public.alert_texts
  WHERE (account_id = public.visible_account());

--
-- Name: server_facts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.server_facts (
    name text NOT NULL,
    value text NOT NULL
);

--
-- Name: sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sessions (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    csrf_token text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    address text DEFAULT ''::text NOT NULL
);

ALTER TABLE ONLY public.sessions FORCE ROW LEVEL SECURITY;

--
-- Name: sign_in_failures; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sign_in_failures (
    subject text NOT NULL,
    failed_at timestamp with time zone NOT NULL
);

--
-- Name: sign_ups; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sign_ups (
    token_hash bytea NOT NULL,
    email text NOT NULL,
    company text NOT NULL,
    country text NOT NULL,
    time_zone text NOT NULL,
    locale text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT sign_ups_country_check CHECK ((country ~ '^[A-Z]{2}$'::text))
);

--
-- Name: subscription_terms; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.subscription_terms (
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    standing text NOT NULL,
    plan text NOT NULL,
    seats integer NOT NULL,
    "interval" text,
    book_version integer NOT NULL,
    usage_billed boolean DEFAULT false NOT NULL,
    telephony_stopped boolean DEFAULT false NOT NULL,
    anchor_on date,
    zone text DEFAULT 'UTC'::text NOT NULL,
    CONSTRAINT subscription_terms_interval_check CHECK (("interval" = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT subscription_terms_plan_check CHECK ((plan <> ''::text)),
    CONSTRAINT subscription_terms_seats_check CHECK ((seats >= 0)),
    CONSTRAINT subscription_terms_standing_check CHECK ((standing = ANY (ARRAY['granted'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'restricted'::text, 'canceling'::text, 'free'::text, 'deleting'::text, 'deleted'::text]))),
    CONSTRAINT subscription_terms_zone_check CHECK ((zone <> ''::text))
);

ALTER TABLE ONLY public.subscription_terms FORCE ROW LEVEL SECURITY;

--
-- Name: subscription_terms_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.subscription_terms ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.subscription_terms_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: subscriptions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.subscriptions (
    account_id bigint NOT NULL,
    standing text NOT NULL,
    plan text NOT NULL,
    "interval" text,
    seats integer NOT NULL,
    currency text NOT NULL,
    zone text NOT NULL,
    book_version integer NOT NULL,
    collection text NOT NULL,
    created_on date NOT NULL,
    anchor_on date,
    term_starts_on date,
    term_ends_on date,
    window_starts_on date,
    window_starts_at timestamp with time zone,
    trial_ends_at timestamp with time zone,
    reminded_until timestamp with time zone,
    chosen jsonb,
    converting boolean NOT NULL,
    grace_ends_at timestamp with time zone,
    scheduled jsonb,
    cancels boolean NOT NULL,
    next_zone text,
    next_currency text,
    balance_minor bigint NOT NULL,
    usage_billed boolean NOT NULL,
    usage_billed_next boolean,
    usage_billed_on date,
    telephony_stopped boolean NOT NULL,
    spending_cap_minor bigint,
    auto_expand boolean NOT NULL,
    expanded_on date,
    expanded_from integer NOT NULL,
    po_number text NOT NULL,
    po_ceiling_minor bigint,
    po_required boolean NOT NULL,
    invoiced boolean NOT NULL,
    free_since timestamp with time zone,
    price_noticed integer NOT NULL,
    deletion_requested_at timestamp with time zone,
    default_card_id uuid,
    documents_made integer NOT NULL,
    version integer NOT NULL,
    due_at timestamp with time zone,
    closed jsonb NOT NULL,
    carried_minor bigint NOT NULL,
    carried_times integer NOT NULL,
    pending_key text,
    failed_because text,
    card_noticed_on date,
    CONSTRAINT subscriptions_carried_minor_check CHECK ((carried_minor >= 0)),
    CONSTRAINT subscriptions_carried_times_check CHECK (((carried_times >= 0) AND (carried_times <= 3))),
    CONSTRAINT subscriptions_check CHECK (((term_starts_on IS NULL) = (term_ends_on IS NULL))),
    CONSTRAINT subscriptions_check1 CHECK ((term_starts_on < term_ends_on)),
    CONSTRAINT subscriptions_check2 CHECK (((term_ends_on IS NULL) OR ((anchor_on IS NOT NULL) AND ("interval" IS NOT NULL) AND (window_starts_on IS NOT NULL)))),
    CONSTRAINT subscriptions_check3 CHECK (((collection = 'card'::text) OR ("interval" IS DISTINCT FROM 'month'::text))),
    CONSTRAINT subscriptions_collection_check CHECK ((collection = ANY (ARRAY['card'::text, 'invoice'::text]))),
    CONSTRAINT subscriptions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT subscriptions_documents_made_check CHECK ((documents_made >= 0)),
    CONSTRAINT subscriptions_expanded_from_check CHECK ((expanded_from >= 0)),
    CONSTRAINT subscriptions_interval_check CHECK (("interval" = ANY (ARRAY['month'::text, 'year'::text]))),
    CONSTRAINT subscriptions_plan_check CHECK ((plan <> ''::text)),
    CONSTRAINT subscriptions_seats_check CHECK ((seats >= 0)),
    CONSTRAINT subscriptions_spending_cap_minor_check CHECK ((spending_cap_minor >= 0)),
    CONSTRAINT subscriptions_standing_check CHECK ((standing = ANY (ARRAY['granted'::text, 'trialing'::text, 'active'::text, 'past_due'::text, 'restricted'::text, 'canceling'::text, 'free'::text, 'deleting'::text, 'deleted'::text]))),
    CONSTRAINT subscriptions_version_check CHECK ((version >= 0)),
    CONSTRAINT subscriptions_zone_check CHECK ((zone <> ''::text))
);

ALTER TABLE ONLY public.subscriptions FORCE ROW LEVEL SECURITY;

--
-- Name: team_members; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.team_members (
    account_id bigint NOT NULL,
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text DEFAULT 'user'::text NOT NULL,
    CONSTRAINT team_members_role_check CHECK ((role <> ''::text))
);

ALTER TABLE ONLY public.team_members FORCE ROW LEVEL SECURITY;

--
-- Name: team_roles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.team_roles (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    team_id uuid NOT NULL,
    name text NOT NULL,
    rights jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT team_roles_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.team_roles FORCE ROW LEVEL SECURITY;

--
-- Name: teams; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.teams (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT teams_name_check CHECK ((name <> ''::text))
);

ALTER TABLE ONLY public.teams FORCE ROW LEVEL SECURITY;

--
-- Name: tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tokens (
    account_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    contact_id uuid,
    purpose text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT tokens_purpose_check CHECK ((purpose = ANY (ARRAY['invitation'::text, 'password-reset'::text, 'verification'::text, 'verification-code'::text])))
);

ALTER TABLE ONLY public.tokens FORCE ROW LEVEL SECURITY;

--
-- Name: trials_given; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.trials_given (
    organisation bytea NOT NULL,
    given_at timestamp with time zone NOT NULL
);

--
-- Name: turn_notices; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.turn_notices (
    account_id bigint NOT NULL,
    looked_through timestamp with time zone,
    due_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.turn_notices FORCE ROW LEVEL SECURITY;

--
-- Name: usage_closings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_closings (
    account_id bigint NOT NULL,
    window_starts_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.usage_closings FORCE ROW LEVEL SECURITY;

--
-- Name: usage_corrections; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_corrections (
    account_id bigint NOT NULL,
    id text NOT NULL,
    record_id text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    seconds integer NOT NULL,
    CONSTRAINT usage_corrections_seconds_check CHECK ((seconds >= 0))
);

ALTER TABLE ONLY public.usage_corrections FORCE ROW LEVEL SECURITY;

--
-- Name: usage_records; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_records (
    account_id bigint NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    number text NOT NULL,
    region text NOT NULL,
    zone text NOT NULL,
    seconds integer DEFAULT 0 NOT NULL,
    cost_minor bigint,
    user_id uuid,
    alert_id text,
    reserved boolean DEFAULT false NOT NULL,
    CONSTRAINT usage_records_id_check CHECK ((id <> ''::text)),
    CONSTRAINT usage_records_kind_check CHECK ((kind = ANY (ARRAY['sms'::text, 'voice'::text, 'call_leg'::text, 'verification'::text]))),
    CONSTRAINT usage_records_seconds_check CHECK ((seconds >= 0)),
    CONSTRAINT usage_records_zone_check CHECK ((zone = ANY (ARRAY['us_ca'::text, 'other'::text])))
);

ALTER TABLE ONLY public.usage_records FORCE ROW LEVEL SECURITY;

--
-- Name: usage_windows; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.usage_windows (
    account_id bigint NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    included integer DEFAULT 0 NOT NULL,
    sms integer DEFAULT 0 NOT NULL,
    voice integer DEFAULT 0 NOT NULL,
    charged_minor bigint DEFAULT 0 NOT NULL,
    told text[] DEFAULT '{}'::text[] NOT NULL,
    review_at timestamp with time zone
);

ALTER TABLE ONLY public.usage_windows FORCE ROW LEVEL SECURITY;

--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    account_id bigint NOT NULL,
    id uuid NOT NULL,
    username text NOT NULL,
    full_name text NOT NULL,
    role text NOT NULL,
    licence_kind text NOT NULL,
    status text NOT NULL,
    time_zone text NOT NULL,
    locale text NOT NULL,
    password_hash text,
    totp_secret bytea,
    totp_confirmed_at timestamp with time zone,
    totp_last_step bigint,
    verified_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    inactive_since timestamp with time zone,
    role_id uuid,
    skype_username text DEFAULT ''::text NOT NULL,
    address jsonb DEFAULT '{}'::jsonb NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    muted_until timestamp with time zone,
    quiet_hours jsonb,
    language_tag text DEFAULT ''::text NOT NULL,
    CONSTRAINT users_licence_kind_check CHECK ((licence_kind = ANY (ARRAY['responder'::text, 'stakeholder'::text]))),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'user'::text, 'stakeholder'::text]))),
    CONSTRAINT users_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'active'::text, 'suspended'::text]))),
    CONSTRAINT users_username_check CHECK (((username = lower(username)) AND (username <> ''::text)))
);

ALTER TABLE ONLY public.users FORCE ROW LEVEL SECURITY;

--
-- Name: workers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.workers (
    id uuid NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone
);

--
-- Name: accounts accounts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

--
-- Name: alert_attachments alert_attachments_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_attachments
    ADD CONSTRAINT alert_attachments_pkey PRIMARY KEY (account_id, id);

--
-- Name: alert_counters alert_counters_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_counters
    ADD CONSTRAINT alert_counters_pkey PRIMARY KEY (account_id);

--
-- Name: alert_log alert_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_log
    ADD CONSTRAINT alert_log_pkey PRIMARY KEY (account_id, alert_id, id);

--
-- Name: alert_notes alert_notes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_notes
    ADD CONSTRAINT alert_notes_pkey PRIMARY KEY (account_id, alert_id, id);

--
-- Name: alert_requests alert_requests_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_requests
    ADD CONSTRAINT alert_requests_pkey PRIMARY KEY (account_id, id);

--
-- Name: alert_texts alert_texts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_texts
    ADD CONSTRAINT alert_texts_pkey PRIMARY KEY (account_id, alert_id);

--
-- Name: alerts alerts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (account_id, id);

--
-- Name: attempts attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (account_id, notification_id, number);

--
-- Name: audit_log audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (account_id, id);

--
-- Name: billing_commands billing_commands_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.billing_commands
    ADD CONSTRAINT billing_commands_pkey PRIMARY KEY (account_id, key);

--
-- Name: billing_information billing_information_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.billing_information
    ADD CONSTRAINT billing_information_pkey PRIMARY KEY (account_id);

--
-- Name: calendar_feeds calendar_feeds_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_pkey PRIMARY KEY (account_id, id);

--
-- Name: calendar_feeds calendar_feeds_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_token_hash_key UNIQUE (token_hash);

--
-- Name: card_customers card_customers_customer_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.card_customers
    ADD CONSTRAINT card_customers_customer_key UNIQUE (customer);

--
-- Name: card_customers card_customers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.card_customers
    ADD CONSTRAINT card_customers_pkey PRIMARY KEY (account_id);

--
-- Name: card_events card_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.card_events
    ADD CONSTRAINT card_events_pkey PRIMARY KEY (account_id, id);

--
-- Name: cards cards_account_id_ref_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_account_id_ref_key UNIQUE (account_id, ref);

--
-- Name: cards cards_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (account_id, id);

--
-- Name: charges charges_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (account_id, id);

--
-- Name: configuration_versions configuration_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.configuration_versions
    ADD CONSTRAINT configuration_versions_pkey PRIMARY KEY (account_id);

--
-- Name: contacts contacts_account_id_user_id_method_address_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT contacts_account_id_user_id_method_address_key UNIQUE (account_id, user_id, method, address);

--
-- Name: contacts contacts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT contacts_pkey PRIMARY KEY (account_id, id);

--
-- Name: countries_used countries_used_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.countries_used
    ADD CONSTRAINT countries_used_pkey PRIMARY KEY (account_id, country);

--
-- Name: country_overrides country_overrides_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.country_overrides
    ADD CONSTRAINT country_overrides_pkey PRIMARY KEY (code);

--
-- Name: deletions_done deletions_done_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deletions_done
    ADD CONSTRAINT deletions_done_pkey PRIMARY KEY (id);

--
-- Name: deletions deletions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deletions
    ADD CONSTRAINT deletions_pkey PRIMARY KEY (account_id);

--
-- Name: deletions deletions_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deletions
    ADD CONSTRAINT deletions_token_hash_key UNIQUE (token_hash);

--
-- Name: document_files document_files_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_files
    ADD CONSTRAINT document_files_pkey PRIMARY KEY (account_id, document_id, format);

--
-- Name: document_lines document_lines_account_id_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_lines
    ADD CONSTRAINT document_lines_account_id_id_key UNIQUE (account_id, id);

--
-- Name: document_lines document_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_lines
    ADD CONSTRAINT document_lines_pkey PRIMARY KEY (account_id, document_id, "position");

--
-- Name: document_series document_series_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_series
    ADD CONSTRAINT document_series_pkey PRIMARY KEY (seller, kind, year);

--
-- Name: documents documents_account_id_corrects_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_account_id_corrects_key UNIQUE (account_id, corrects);

--
-- Name: documents documents_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (account_id, id);

--
-- Name: documents documents_series_seller_kind_series_year_series_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_series_seller_kind_series_year_series_number_key UNIQUE (series_seller, kind, series_year, series_number);

--
-- Name: escalation_rules escalation_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalation_rules
    ADD CONSTRAINT escalation_rules_pkey PRIMARY KEY (account_id, escalation_id, "position");

--
-- Name: escalation_runs escalation_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalation_runs
    ADD CONSTRAINT escalation_runs_pkey PRIMARY KEY (account_id, id);

--
-- Name: escalations escalations_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_account_id_name_key UNIQUE (account_id, name);

--
-- Name: escalations escalations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_pkey PRIMARY KEY (account_id, id);

--
-- Name: fair_use_cases fair_use_cases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fair_use_cases
    ADD CONSTRAINT fair_use_cases_pkey PRIMARY KEY (account_id, id);

--
-- Name: fair_use_notes fair_use_notes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fair_use_notes
    ADD CONSTRAINT fair_use_notes_pkey PRIMARY KEY (account_id, case_id, id);

--
-- Name: fiscal_archive fiscal_archive_number_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fiscal_archive
    ADD CONSTRAINT fiscal_archive_number_key UNIQUE (number);

--
-- Name: fiscal_archive fiscal_archive_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fiscal_archive
    ADD CONSTRAINT fiscal_archive_pkey PRIMARY KEY (id);

--
-- Name: forwarding_rules forwarding_rules_account_id_alias_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forwarding_rules
    ADD CONSTRAINT forwarding_rules_account_id_alias_key UNIQUE (account_id, alias);

--
-- Name: forwarding_rules forwarding_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forwarding_rules
    ADD CONSTRAINT forwarding_rules_pkey PRIMARY KEY (account_id, id);

--
-- Name: inquiries inquiries_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inquiries
    ADD CONSTRAINT inquiries_pkey PRIMARY KEY (id);

--
-- Name: integrations integrations_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_account_id_name_key UNIQUE (account_id, name);

--
-- Name: integrations integrations_key_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_key_hash_key UNIQUE (key_hash);

--
-- Name: integrations integrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_pkey PRIMARY KEY (account_id, id);

--
-- Name: kept kept_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kept
    ADD CONSTRAINT kept_pkey PRIMARY KEY (account_id, kind, id);

--
-- Name: mail_attachments mail_attachments_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mail_attachments
    ADD CONSTRAINT mail_attachments_pkey PRIMARY KEY (account_id, mail_id, place);

--
-- Name: mails mails_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mails
    ADD CONSTRAINT mails_pkey PRIMARY KEY (account_id, id);

--
-- Name: notification_repeats notification_repeats_account_id_alert_id_user_id_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_repeats
    ADD CONSTRAINT notification_repeats_account_id_alert_id_user_id_key_key UNIQUE (account_id, alert_id, user_id, key);

--
-- Name: notification_repeats notification_repeats_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_repeats
    ADD CONSTRAINT notification_repeats_pkey PRIMARY KEY (account_id, id);

--
-- Name: notification_rule_steps notification_rule_steps_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_rule_steps
    ADD CONSTRAINT notification_rule_steps_pkey PRIMARY KEY (account_id, id);

--
-- Name: notification_rules notification_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_rules
    ADD CONSTRAINT notification_rules_pkey PRIMARY KEY (account_id, id);

--
-- Name: notifications notifications_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (account_id, id);

--
-- Name: operators operators_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_pkey PRIMARY KEY (account_id, user_id);

--
-- Name: overrides overrides_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.overrides
    ADD CONSTRAINT overrides_pkey PRIMARY KEY (account_id, schedule_id, alias);

--
-- Name: passkeys passkeys_credential_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id);

--
-- Name: passkeys passkeys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (account_id, id);

--
-- Name: payments payments_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (account_id, id);

--
-- Name: price_books price_books_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.price_books
    ADD CONSTRAINT price_books_pkey PRIMARY KEY (version);

--
-- Name: recovery_codes recovery_codes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (account_id, user_id, code_hash);

--
-- Name: rented_numbers rented_numbers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rented_numbers
    ADD CONSTRAINT rented_numbers_pkey PRIMARY KEY (account_id, id);

--
-- Name: retention retention_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (account_id);

--
-- Name: roles roles_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_account_id_name_key UNIQUE (account_id, name);

--
-- Name: roles roles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (account_id, id);

--
-- Name: rotations rotations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_pkey PRIMARY KEY (account_id, id);

--
-- Name: routing_rules routing_rules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.routing_rules
    ADD CONSTRAINT routing_rules_pkey PRIMARY KEY (account_id, id);

--
-- Name: saved_searches saved_searches_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.saved_searches
    ADD CONSTRAINT saved_searches_account_id_name_key UNIQUE (account_id, name);

--
-- Name: saved_searches saved_searches_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.saved_searches
    ADD CONSTRAINT saved_searches_pkey PRIMARY KEY (account_id, id);

--
-- Name: schedules schedules_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_account_id_name_key UNIQUE (account_id, name);

--
-- Name: schedules schedules_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (account_id, id);

--
-- Name: server_facts server_facts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.server_facts
    ADD CONSTRAINT server_facts_pkey PRIMARY KEY (name);

--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (account_id, id);

--
-- Name: sessions sessions_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_token_hash_key UNIQUE (token_hash);

--
-- Name: sign_ups sign_ups_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sign_ups
    ADD CONSTRAINT sign_ups_pkey PRIMARY KEY (token_hash);

--
-- Name: subscription_terms subscription_terms_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription_terms
    ADD CONSTRAINT subscription_terms_pkey PRIMARY KEY (account_id, starts_at, id);

--
-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (account_id);

--
-- Name: team_members team_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (account_id, team_id, user_id);

--
-- Name: team_roles team_roles_account_id_team_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_roles
    ADD CONSTRAINT team_roles_account_id_team_id_name_key UNIQUE (account_id, team_id, name);

--
-- Name: team_roles team_roles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_roles
    ADD CONSTRAINT team_roles_pkey PRIMARY KEY (account_id, id);

--
-- Name: teams teams_account_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.teams
    ADD CONSTRAINT teams_account_id_name_key UNIQUE (account_id, name);

--
-- Name: teams teams_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.teams
    ADD CONSTRAINT teams_pkey PRIMARY KEY (account_id, id);

--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (account_id, token_hash);

--
-- Name: trials_given trials_given_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.trials_given
    ADD CONSTRAINT trials_given_pkey PRIMARY KEY (organisation);

--
-- Name: turn_notices turn_notices_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.turn_notices
    ADD CONSTRAINT turn_notices_pkey PRIMARY KEY (account_id);

--
-- Name: usage_closings usage_closings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_closings
    ADD CONSTRAINT usage_closings_pkey PRIMARY KEY (account_id, window_starts_at);

--
-- Name: usage_corrections usage_corrections_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_pkey PRIMARY KEY (account_id, id);

--
-- Name: usage_records usage_records_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_records
    ADD CONSTRAINT usage_records_pkey PRIMARY KEY (account_id, id);

--
-- Name: usage_windows usage_windows_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_windows
    ADD CONSTRAINT usage_windows_pkey PRIMARY KEY (account_id, starts_at);

--
-- Name: users users_account_id_username_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_account_id_username_key UNIQUE (account_id, username);

--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (account_id, id);

--
-- Name: workers workers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

--
-- Name: alert_attachments_by_alert; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alert_attachments_by_alert ON public.alert_attachments USING btree (account_id, alert_id);

--
-- Name: alert_requests_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alert_requests_by_time ON public.alert_requests USING btree (processed_at);

--
-- Name: alert_texts_search; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alert_texts_search ON public.alert_texts USING gin (account_id, message public.gin_trgm_ops, description public.gin_trgm_ops, rest public.gin_trgm_ops, keys) WITH (fastupdate='on', gin_pending_list_limit='8192');

--
-- Name: alerts_by_creation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alerts_by_creation ON public.alerts USING btree (account_id, created_at DESC);

--
-- Name: alerts_by_tiny_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX alerts_by_tiny_id ON public.alerts USING btree (account_id, tiny_id);

--
-- Name: alerts_open_alias; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX alerts_open_alias ON public.alerts USING btree (account_id, alias) WHERE (status = 'open'::text);

--
-- Name: alerts_open_by_creation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alerts_open_by_creation ON public.alerts USING btree (account_id, created_at DESC) WHERE (status = 'open'::text);

--
-- Name: alerts_snoozed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX alerts_snoozed ON public.alerts USING btree (snoozed_until) WHERE (snoozed_until IS NOT NULL);

--
-- Name: audit_log_by_object; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_log_by_object ON public.audit_log USING btree (account_id, object_type, object_id);

--
-- Name: billing_information_with_vat_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX billing_information_with_vat_id ON public.billing_information USING btree (account_id) WHERE (vat_id <> ''::text);

--
-- Name: calendar_feeds_by_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calendar_feeds_by_schedule ON public.calendar_feeds USING btree (account_id, schedule_id);

--
-- Name: calendar_feeds_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX calendar_feeds_by_user ON public.calendar_feeds USING btree (account_id, user_id);

--
-- Name: charges_by_reference; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX charges_by_reference ON public.charges USING btree (reference) WHERE (reference <> ''::text);

--
-- Name: charges_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX charges_due ON public.charges USING btree (due_at) WHERE (due_at IS NOT NULL);

--
-- Name: charges_of_document; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX charges_of_document ON public.charges USING btree (account_id, document_id);

--
-- Name: countries_used_to_look_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX countries_used_to_look_at ON public.countries_used USING btree (alerted_at) WHERE ((alerted_at IS NOT NULL) AND (done_at IS NULL));

--
-- Name: deletions_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX deletions_due ON public.deletions USING btree (due_at);

--
-- Name: document_lines_running; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX document_lines_running ON public.document_lines USING btree (account_id) WHERE running;

--
-- Name: documents_by_credited; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_by_credited ON public.documents USING btree (account_id, credits) WHERE (credits IS NOT NULL);

--
-- Name: documents_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_open ON public.documents USING btree (account_id) WHERE (status = ANY (ARRAY['draft'::text, 'open'::text, 'action_required'::text, 'partially_paid'::text]));

--
-- Name: documents_to_render; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_to_render ON public.documents USING btree (render_at) WHERE (render_at IS NOT NULL);

--
-- Name: escalation_runs_by_alert; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX escalation_runs_by_alert ON public.escalation_runs USING btree (account_id, alert_id);

--
-- Name: escalation_runs_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX escalation_runs_due ON public.escalation_runs USING btree (account_id, due_at) WHERE (due_at IS NOT NULL);

--
-- Name: escalation_runs_earliest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX escalation_runs_earliest ON public.escalation_runs USING btree (due_at) WHERE (due_at IS NOT NULL);

--
-- Name: fair_use_one_open_case; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX fair_use_one_open_case ON public.fair_use_cases USING btree (account_id) WHERE (status = ANY (ARRAY['opened'::text, 'noticed'::text, 'effective'::text]));

--
-- Name: fiscal_archive_by_end; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX fiscal_archive_by_end ON public.fiscal_archive USING btree (keep_until);

--
-- Name: forwarding_rules_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX forwarding_rules_by_user ON public.forwarding_rules USING btree (account_id, from_user_id);

--
-- Name: forwarding_rules_to_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX forwarding_rules_to_user ON public.forwarding_rules USING btree (account_id, to_user_id);

--
-- Name: inquiries_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inquiries_by_time ON public.inquiries USING btree (created_at);

--
-- Name: inquiries_of_accounts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX inquiries_of_accounts ON public.inquiries USING btree (account_id) WHERE (account_id IS NOT NULL);

--
-- Name: mails_by_letter; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mails_by_letter ON public.mails USING btree (account_id, letter_id) WHERE (letter_id IS NOT NULL);

--
-- Name: mails_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mails_by_time ON public.mails USING btree (account_id, created_at DESC);

--
-- Name: mails_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX mails_due ON public.mails USING btree (due_at) WHERE (due_at IS NOT NULL);

--
-- Name: notification_repeats_by_rule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notification_repeats_by_rule ON public.notification_repeats USING btree (account_id, rule_id);

--
-- Name: notification_repeats_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notification_repeats_by_user ON public.notification_repeats USING btree (account_id, user_id);

--
-- Name: notification_repeats_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notification_repeats_due ON public.notification_repeats USING btree (due_at);

--
-- Name: notification_rule_steps_by_rule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notification_rule_steps_by_rule ON public.notification_rule_steps USING btree (account_id, rule_id, "position");

--
-- Name: notification_rules_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notification_rules_by_user ON public.notification_rules USING btree (account_id, user_id, "position");

--
-- Name: notifications_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notifications_by_user ON public.notifications USING btree (account_id, user_id, created_at DESC);

--
-- Name: notifications_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notifications_due ON public.notifications USING btree (account_id, due_at) WHERE (due_at IS NOT NULL);

--
-- Name: notifications_earliest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX notifications_earliest ON public.notifications USING btree (due_at) WHERE (due_at IS NOT NULL);

--
-- Name: notifications_once; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX notifications_once ON public.notifications USING btree (account_id, alert_id, key, user_id, contact_id);

--
-- Name: passkeys_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX passkeys_by_user ON public.passkeys USING btree (account_id, user_id);

--
-- Name: payments_of_document; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX payments_of_document ON public.payments USING btree (account_id, document_id);

--
-- Name: retention_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX retention_due ON public.retention USING btree (due_at);

--
-- Name: rotations_by_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX rotations_by_schedule ON public.rotations USING btree (account_id, schedule_id, "position");

--
-- Name: routing_rules_by_team; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX routing_rules_by_team ON public.routing_rules USING btree (account_id, team_id, "position");

--
-- Name: routing_rules_one_default; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX routing_rules_one_default ON public.routing_rules USING btree (account_id, team_id) WHERE is_default;

--
-- Name: sessions_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_by_user ON public.sessions USING btree (account_id, user_id);

--
-- Name: sessions_expiring; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sessions_expiring ON public.sessions USING btree (expires_at);

--
-- Name: sign_in_failures_by_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sign_in_failures_by_subject ON public.sign_in_failures USING btree (subject, failed_at);

--
-- Name: sign_ups_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sign_ups_by_time ON public.sign_ups USING btree (expires_at);

--
-- Name: subscriptions_by_price; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX subscriptions_by_price ON public.subscriptions USING btree (price_noticed) WHERE (term_ends_on IS NOT NULL);

--
-- Name: subscriptions_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX subscriptions_due ON public.subscriptions USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (pending_key IS NULL));

--
-- Name: team_members_by_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX team_members_by_user ON public.team_members USING btree (account_id, user_id);

--
-- Name: tokens_by_hash; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tokens_by_hash ON public.tokens USING btree (token_hash);

--
-- Name: turn_notices_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX turn_notices_due ON public.turn_notices USING btree (due_at);

--
-- Name: usage_records_by_time; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX usage_records_by_time ON public.usage_records USING btree (account_id, at);

--
-- Name: usage_records_late; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX usage_records_late ON public.usage_records USING btree (account_id, received_at) WHERE ((received_at - at) > '48:00:00'::interval);

--
-- Name: usage_records_reserved; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX usage_records_reserved ON public.usage_records USING btree (received_at) WHERE reserved;

--
-- Name: usage_windows_to_review; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX usage_windows_to_review ON public.usage_windows USING btree (review_at) WHERE (review_at IS NOT NULL);

--
-- Name: users_by_role_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_by_role_id ON public.users USING btree (account_id, role_id) WHERE (role_id IS NOT NULL);

--
-- Name: users_by_username; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX users_by_username ON public.users USING btree (username);

--
-- Name: alerts alerts_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER alerts_changed AFTER UPDATE OF message, description, entity, source, tags, details, responders ON public.alerts FOR EACH ROW WHEN ((((((((old.message IS DISTINCT FROM new.message) OR (old.description IS DISTINCT FROM new.description)) OR (old.entity IS DISTINCT FROM new.entity)) OR (old.source IS DISTINCT FROM new.source)) OR (old.tags IS DISTINCT FROM new.tags)) OR (old.details IS DISTINCT FROM new.details)) OR (old.responders IS DISTINCT FROM new.responders))) EXECUTE FUNCTION public.queue_changed_alert();

--
-- Name: alerts alerts_gone; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER alerts_gone AFTER DELETE ON public.alerts REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION public.forget_alert_texts();

--
-- Name: alerts alerts_made; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER alerts_made AFTER INSERT ON public.alerts REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION public.queue_new_alerts();

--
-- Name: configuration_versions configuration_versions_turns; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER configuration_versions_turns AFTER INSERT OR UPDATE ON public.configuration_versions FOR EACH ROW EXECUTE FUNCTION public.look_for_turn_notices();

--
-- Name: contacts contacts_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER contacts_version AFTER INSERT OR DELETE OR UPDATE ON public.contacts FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: escalation_rules escalation_rules_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER escalation_rules_version AFTER INSERT OR DELETE OR UPDATE ON public.escalation_rules FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: escalations escalations_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER escalations_version AFTER INSERT OR DELETE OR UPDATE ON public.escalations FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: documents finalised_documents_are_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER finalised_documents_are_kept BEFORE DELETE OR UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION public.keep_finalised_document();

--
-- Name: forwarding_rules forwarding_rules_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forwarding_rules_version AFTER INSERT OR DELETE OR UPDATE ON public.forwarding_rules FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: integrations integrations_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER integrations_version AFTER INSERT OR DELETE OR UPDATE ON public.integrations FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: notification_rule_steps notification_rule_steps_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER notification_rule_steps_version AFTER INSERT OR DELETE OR UPDATE ON public.notification_rule_steps FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: notification_rules notification_rules_turns; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER notification_rules_turns AFTER INSERT OR UPDATE ON public.notification_rules FOR EACH ROW WHEN ((new.action_type = ANY (ARRAY['schedule-start'::text, 'schedule-end'::text]))) EXECUTE FUNCTION public.begin_turn_notices();

--
-- Name: notification_rules notification_rules_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER notification_rules_version AFTER INSERT OR DELETE OR UPDATE ON public.notification_rules FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: overrides overrides_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER overrides_version AFTER INSERT OR DELETE OR UPDATE ON public.overrides FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: price_books price_books_are_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER price_books_are_kept BEFORE TRUNCATE ON public.price_books FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change_of_price_book();

--
-- Name: price_books price_books_never_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER price_books_never_change BEFORE DELETE OR UPDATE ON public.price_books FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_price_book();

--
-- Name: rotations rotations_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER rotations_version AFTER INSERT OR DELETE OR UPDATE ON public.rotations FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: routing_rules routing_rules_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER routing_rules_version AFTER INSERT OR DELETE OR UPDATE ON public.routing_rules FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: schedules schedules_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER schedules_version AFTER INSERT OR DELETE OR UPDATE ON public.schedules FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: subscription_terms subscription_terms_are_facts; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER subscription_terms_are_facts BEFORE UPDATE ON public.subscription_terms FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_term();

--
-- Name: team_members team_members_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER team_members_version AFTER INSERT OR DELETE OR UPDATE ON public.team_members FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: teams teams_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER teams_version AFTER INSERT OR DELETE OR UPDATE ON public.teams FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: users users_version; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER users_version AFTER INSERT OR DELETE OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.count_configuration_version();

--
-- Name: alert_attachments alert_attachments_account_id_alert_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_attachments
    ADD CONSTRAINT alert_attachments_account_id_alert_id_fkey FOREIGN KEY (account_id, alert_id) REFERENCES public.alerts(account_id, id) ON DELETE CASCADE;

--
-- Name: alert_counters alert_counters_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_counters
    ADD CONSTRAINT alert_counters_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: audit_log audit_log_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: billing_commands billing_commands_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.billing_commands
    ADD CONSTRAINT billing_commands_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: billing_information billing_information_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.billing_information
    ADD CONSTRAINT billing_information_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: calendar_feeds calendar_feeds_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: calendar_feeds calendar_feeds_account_id_schedule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_account_id_schedule_id_fkey FOREIGN KEY (account_id, schedule_id) REFERENCES public.schedules(account_id, id) ON DELETE CASCADE;

--
-- Name: calendar_feeds calendar_feeds_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar_feeds
    ADD CONSTRAINT calendar_feeds_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: card_customers card_customers_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.card_customers
    ADD CONSTRAINT card_customers_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: card_events card_events_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.card_events
    ADD CONSTRAINT card_events_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.card_customers(account_id);

--
-- Name: cards cards_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.card_customers(account_id);

--
-- Name: charges charges_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.charges
    ADD CONSTRAINT charges_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: configuration_versions configuration_versions_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.configuration_versions
    ADD CONSTRAINT configuration_versions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: contacts contacts_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT contacts_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: countries_used countries_used_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.countries_used
    ADD CONSTRAINT countries_used_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: deletions deletions_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.deletions
    ADD CONSTRAINT deletions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;

--
-- Name: document_files document_files_account_id_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_files
    ADD CONSTRAINT document_files_account_id_document_id_fkey FOREIGN KEY (account_id, document_id) REFERENCES public.documents(account_id, id) ON DELETE CASCADE;

--
-- Name: document_lines document_lines_account_id_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_lines
    ADD CONSTRAINT document_lines_account_id_document_id_fkey FOREIGN KEY (account_id, document_id) REFERENCES public.documents(account_id, id) ON DELETE CASCADE;

--
-- Name: documents documents_account_id_corrects_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_account_id_corrects_fkey FOREIGN KEY (account_id, corrects) REFERENCES public.documents(account_id, id);

--
-- Name: documents documents_account_id_credits_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_account_id_credits_fkey FOREIGN KEY (account_id, credits) REFERENCES public.documents(account_id, id);

--
-- Name: documents documents_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: escalation_rules escalation_rules_account_id_escalation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalation_rules
    ADD CONSTRAINT escalation_rules_account_id_escalation_id_fkey FOREIGN KEY (account_id, escalation_id) REFERENCES public.escalations(account_id, id) ON DELETE CASCADE;

--
-- Name: escalations escalations_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: escalations escalations_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.escalations
    ADD CONSTRAINT escalations_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: fair_use_cases fair_use_cases_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fair_use_cases
    ADD CONSTRAINT fair_use_cases_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: fair_use_notes fair_use_notes_account_id_case_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.fair_use_notes
    ADD CONSTRAINT fair_use_notes_account_id_case_id_fkey FOREIGN KEY (account_id, case_id) REFERENCES public.fair_use_cases(account_id, id) ON DELETE CASCADE;

--
-- Name: forwarding_rules forwarding_rules_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forwarding_rules
    ADD CONSTRAINT forwarding_rules_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: forwarding_rules forwarding_rules_account_id_from_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forwarding_rules
    ADD CONSTRAINT forwarding_rules_account_id_from_user_id_fkey FOREIGN KEY (account_id, from_user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: forwarding_rules forwarding_rules_account_id_to_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forwarding_rules
    ADD CONSTRAINT forwarding_rules_account_id_to_user_id_fkey FOREIGN KEY (account_id, to_user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: inquiries inquiries_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.inquiries
    ADD CONSTRAINT inquiries_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: integrations integrations_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: integrations integrations_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.integrations
    ADD CONSTRAINT integrations_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: kept kept_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.kept
    ADD CONSTRAINT kept_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: mail_attachments mail_attachments_account_id_mail_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mail_attachments
    ADD CONSTRAINT mail_attachments_account_id_mail_id_fkey FOREIGN KEY (account_id, mail_id) REFERENCES public.mails(account_id, id) ON DELETE CASCADE;

--
-- Name: mails mails_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.mails
    ADD CONSTRAINT mails_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: notification_repeats notification_repeats_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_repeats
    ADD CONSTRAINT notification_repeats_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: notification_repeats notification_repeats_account_id_rule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_repeats
    ADD CONSTRAINT notification_repeats_account_id_rule_id_fkey FOREIGN KEY (account_id, rule_id) REFERENCES public.notification_rules(account_id, id) ON DELETE CASCADE;

--
-- Name: notification_repeats notification_repeats_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_repeats
    ADD CONSTRAINT notification_repeats_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: notification_rule_steps notification_rule_steps_account_id_contact_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_rule_steps
    ADD CONSTRAINT notification_rule_steps_account_id_contact_id_fkey FOREIGN KEY (account_id, contact_id) REFERENCES public.contacts(account_id, id) ON DELETE CASCADE;

--
-- Name: notification_rule_steps notification_rule_steps_account_id_rule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_rule_steps
    ADD CONSTRAINT notification_rule_steps_account_id_rule_id_fkey FOREIGN KEY (account_id, rule_id) REFERENCES public.notification_rules(account_id, id) ON DELETE CASCADE;

--
-- Name: notification_rules notification_rules_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.notification_rules
    ADD CONSTRAINT notification_rules_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: operators operators_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: overrides overrides_account_id_schedule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.overrides
    ADD CONSTRAINT overrides_account_id_schedule_id_fkey FOREIGN KEY (account_id, schedule_id) REFERENCES public.schedules(account_id, id) ON DELETE CASCADE;

--
-- Name: overrides overrides_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.overrides
    ADD CONSTRAINT overrides_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: passkeys passkeys_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: payments payments_account_id_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_account_id_document_id_fkey FOREIGN KEY (account_id, document_id) REFERENCES public.documents(account_id, id) ON DELETE CASCADE;

--
-- Name: recovery_codes recovery_codes_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: rented_numbers rented_numbers_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rented_numbers
    ADD CONSTRAINT rented_numbers_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: retention retention_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.retention
    ADD CONSTRAINT retention_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: roles roles_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: rotations rotations_account_id_schedule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_account_id_schedule_id_fkey FOREIGN KEY (account_id, schedule_id) REFERENCES public.schedules(account_id, id) ON DELETE CASCADE;

--
-- Name: routing_rules routing_rules_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.routing_rules
    ADD CONSTRAINT routing_rules_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: saved_searches saved_searches_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.saved_searches
    ADD CONSTRAINT saved_searches_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: saved_searches saved_searches_account_id_owner_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.saved_searches
    ADD CONSTRAINT saved_searches_account_id_owner_id_fkey FOREIGN KEY (account_id, owner_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: schedules schedules_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: schedules schedules_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: sessions sessions_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: subscription_terms subscription_terms_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscription_terms
    ADD CONSTRAINT subscription_terms_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: subscriptions subscriptions_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.subscriptions
    ADD CONSTRAINT subscriptions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: team_members team_members_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: team_members team_members_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT team_members_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: team_roles team_roles_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_roles
    ADD CONSTRAINT team_roles_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: team_roles team_roles_account_id_team_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team_roles
    ADD CONSTRAINT team_roles_account_id_team_id_fkey FOREIGN KEY (account_id, team_id) REFERENCES public.teams(account_id, id) ON DELETE CASCADE;

--
-- Name: teams teams_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.teams
    ADD CONSTRAINT teams_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: tokens tokens_account_id_contact_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_account_id_contact_id_fkey FOREIGN KEY (account_id, contact_id) REFERENCES public.contacts(account_id, id) ON DELETE CASCADE;

--
-- Name: tokens tokens_account_id_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_account_id_user_id_fkey FOREIGN KEY (account_id, user_id) REFERENCES public.users(account_id, id) ON DELETE CASCADE;

--
-- Name: turn_notices turn_notices_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.turn_notices
    ADD CONSTRAINT turn_notices_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: usage_closings usage_closings_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_closings
    ADD CONSTRAINT usage_closings_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: usage_corrections usage_corrections_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_corrections
    ADD CONSTRAINT usage_corrections_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: usage_records usage_records_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_records
    ADD CONSTRAINT usage_records_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: usage_windows usage_windows_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.usage_windows
    ADD CONSTRAINT usage_windows_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: users users_account_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

--
-- Name: users users_role_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_role_id_fkey FOREIGN KEY (account_id, role_id) REFERENCES public.roles(account_id, id);

--
-- Name: accounts; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.accounts ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_attachments; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_attachments ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_counters; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_counters ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_log; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_log ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_notes; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_notes ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_requests; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_requests ENABLE ROW LEVEL SECURITY;

--
-- Name: alert_texts; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alert_texts ENABLE ROW LEVEL SECURITY;

--
-- Name: alerts; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.alerts ENABLE ROW LEVEL SECURITY;

--
-- Name: attempts; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.attempts ENABLE ROW LEVEL SECURITY;

--
-- Name: audit_log; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

--
-- Name: billing_commands; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.billing_commands ENABLE ROW LEVEL SECURITY;

--
-- Name: billing_information; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.billing_information ENABLE ROW LEVEL SECURITY;

--
-- Name: calendar_feeds; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.calendar_feeds ENABLE ROW LEVEL SECURITY;

--
-- Name: card_customers; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.card_customers ENABLE ROW LEVEL SECURITY;

--
-- Name: card_events; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.card_events ENABLE ROW LEVEL SECURITY;

--
-- Name: cards; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.cards ENABLE ROW LEVEL SECURITY;

--
-- Name: charges; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.charges ENABLE ROW LEVEL SECURITY;

--
-- Name: configuration_versions; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.configuration_versions ENABLE ROW LEVEL SECURITY;

--
-- Name: contacts; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.contacts ENABLE ROW LEVEL SECURITY;

--
-- Name: countries_used; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.countries_used ENABLE ROW LEVEL SECURITY;

--
-- Name: deletions; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.deletions ENABLE ROW LEVEL SECURITY;

--
-- Name: document_files; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.document_files ENABLE ROW LEVEL SECURITY;

--
-- Name: document_lines; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.document_lines ENABLE ROW LEVEL SECURITY;

--
-- Name: documents; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;

--
-- Name: accounts engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.accounts TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_attachments engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_attachments TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_counters engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_counters TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_log engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_log TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_notes engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_notes TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_requests engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_requests TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alert_texts engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alert_texts TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: alerts engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.alerts TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: attempts engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.attempts TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: audit_log engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.audit_log TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: billing_commands engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.billing_commands TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: billing_information engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.billing_information TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: calendar_feeds engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.calendar_feeds TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: card_customers engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.card_customers TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: card_events engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.card_events TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: cards engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.cards TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: charges engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.charges TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: configuration_versions engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.configuration_versions TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: contacts engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.contacts TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: countries_used engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.countries_used TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: deletions engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.deletions TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: document_files engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.document_files TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: document_lines engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.document_lines TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: documents engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.documents TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: escalation_rules engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.escalation_rules TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: escalation_runs engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.escalation_runs TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: escalations engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.escalations TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: fair_use_cases engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.fair_use_cases TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: fair_use_notes engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.fair_use_notes TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: forwarding_rules engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.forwarding_rules TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: inquiries engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.inquiries TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: integrations engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.integrations TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: kept engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.kept TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: mail_attachments engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.mail_attachments TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: mails engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.mails TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: notification_repeats engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.notification_repeats TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: notification_rule_steps engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.notification_rule_steps TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: notification_rules engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.notification_rules TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: notifications engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.notifications TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: operators engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.operators TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: overrides engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.overrides TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: passkeys engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.passkeys TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: payments engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.payments TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: recovery_codes engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.recovery_codes TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: rented_numbers engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.rented_numbers TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: retention engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.retention TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: roles engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.roles TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: rotations engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.rotations TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: routing_rules engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.routing_rules TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: saved_searches engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.saved_searches TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: schedules engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.schedules TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: search_queue engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.search_queue TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: sessions engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.sessions TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: subscription_terms engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.subscription_terms TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: subscriptions engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.subscriptions TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: team_members engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.team_members TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: team_roles engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.team_roles TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: teams engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.teams TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: tokens engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.tokens TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: turn_notices engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.turn_notices TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: usage_closings engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.usage_closings TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: usage_corrections engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.usage_corrections TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: usage_records engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.usage_records TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: usage_windows engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.usage_windows TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: users engine; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY engine ON public.users TO tocsin_owner, tocsin_engine USING (true) WITH CHECK (true);

--
-- Name: escalation_rules; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.escalation_rules ENABLE ROW LEVEL SECURITY;

--
-- Name: escalation_runs; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.escalation_runs ENABLE ROW LEVEL SECURITY;

--
-- Name: escalations; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.escalations ENABLE ROW LEVEL SECURITY;

--
-- Name: fair_use_cases; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.fair_use_cases ENABLE ROW LEVEL SECURITY;

--
-- Name: fair_use_notes; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.fair_use_notes ENABLE ROW LEVEL SECURITY;

--
-- Name: forwarding_rules; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.forwarding_rules ENABLE ROW LEVEL SECURITY;

--
-- Name: inquiries; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.inquiries ENABLE ROW LEVEL SECURITY;

--
-- Name: integrations; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.integrations ENABLE ROW LEVEL SECURITY;

--
-- Name: kept; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.kept ENABLE ROW LEVEL SECURITY;

--
-- Name: mail_attachments; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.mail_attachments ENABLE ROW LEVEL SECURITY;

--
-- Name: mails; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.mails ENABLE ROW LEVEL SECURITY;

--
-- Name: notification_repeats; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.notification_repeats ENABLE ROW LEVEL SECURITY;

--
-- Name: notification_rule_steps; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.notification_rule_steps ENABLE ROW LEVEL SECURITY;

--
-- Name: notification_rules; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.notification_rules ENABLE ROW LEVEL SECURITY;

--
-- Name: notifications; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.notifications ENABLE ROW LEVEL SECURITY;

--
-- Name: operators; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.operators ENABLE ROW LEVEL SECURITY;

--
-- Name: overrides; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.overrides ENABLE ROW LEVEL SECURITY;

--
-- Name: passkeys; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.passkeys ENABLE ROW LEVEL SECURITY;

--
-- Name: payments; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.payments ENABLE ROW LEVEL SECURITY;

--
-- Name: recovery_codes; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.recovery_codes ENABLE ROW LEVEL SECURITY;

--
-- Name: rented_numbers; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.rented_numbers ENABLE ROW LEVEL SECURITY;

--
-- Name: retention; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.retention ENABLE ROW LEVEL SECURITY;

--
-- Name: roles; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.roles ENABLE ROW LEVEL SECURITY;

--
-- Name: rotations; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.rotations ENABLE ROW LEVEL SECURITY;

--
-- Name: routing_rules; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.routing_rules ENABLE ROW LEVEL SECURITY;

--
-- Name: saved_searches; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.saved_searches ENABLE ROW LEVEL SECURITY;

--
-- Name: schedules; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.schedules ENABLE ROW LEVEL SECURITY;

--
-- Name: search_queue; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.search_queue ENABLE ROW LEVEL SECURITY;

--
-- Name: sessions; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;

--
-- Name: subscription_terms; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.subscription_terms ENABLE ROW LEVEL SECURITY;

--
-- Name: subscriptions; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.subscriptions ENABLE ROW LEVEL SECURITY;

--
-- Name: team_members; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.team_members ENABLE ROW LEVEL SECURITY;

--
-- Name: team_roles; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.team_roles ENABLE ROW LEVEL SECURITY;

--
-- Name: teams; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.teams ENABLE ROW LEVEL SECURITY;

--
-- Name: accounts tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.accounts USING ((id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_attachments tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_attachments USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_counters tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_counters USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_log tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_log USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_notes tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_notes USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_requests tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_requests USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alert_texts tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alert_texts USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: alerts tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.alerts USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: attempts tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.attempts USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: audit_log tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.audit_log USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: billing_commands tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.billing_commands USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: billing_information tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.billing_information USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: calendar_feeds tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.calendar_feeds USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: card_customers tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.card_customers USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: card_events tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.card_events USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: cards tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.cards USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: charges tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.charges USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: configuration_versions tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.configuration_versions USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: contacts tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.contacts USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: countries_used tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.countries_used USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: deletions tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.deletions USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: document_files tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.document_files USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: document_lines tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.document_lines USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: documents tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.documents USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: escalation_rules tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.escalation_rules USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: escalation_runs tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.escalation_runs USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: escalations tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.escalations USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: fair_use_cases tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.fair_use_cases USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: fair_use_notes tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.fair_use_notes USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: forwarding_rules tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.forwarding_rules USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: integrations tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.integrations USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: kept tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.kept USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: mail_attachments tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.mail_attachments USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: mails tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.mails USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: notification_repeats tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.notification_repeats USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: notification_rule_steps tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.notification_rule_steps USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: notification_rules tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.notification_rules USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: notifications tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.notifications USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: operators tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.operators USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: overrides tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.overrides USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: passkeys tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.passkeys USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: payments tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.payments USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: recovery_codes tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.recovery_codes USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: rented_numbers tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.rented_numbers USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: retention tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.retention USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: roles tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.roles USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: rotations tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.rotations USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: routing_rules tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.routing_rules USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: saved_searches tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.saved_searches USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: schedules tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.schedules USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: search_queue tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.search_queue USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: sessions tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.sessions USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: subscription_terms tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.subscription_terms USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: subscriptions tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.subscriptions USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: team_members tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.team_members USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: team_roles tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.team_roles USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: teams tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.teams USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: tokens tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.tokens USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: turn_notices tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.turn_notices USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: usage_closings tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.usage_closings USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: usage_corrections tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.usage_corrections USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: usage_records tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.usage_records USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: usage_windows tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.usage_windows USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: users tenant; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY tenant ON public.users USING ((account_id = ANY (( SELECT public.visible_accounts() AS visible_accounts)::bigint[])));

--
-- Name: tokens; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.tokens ENABLE ROW LEVEL SECURITY;

--
-- Name: turn_notices; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.turn_notices ENABLE ROW LEVEL SECURITY;

--
-- Name: usage_closings; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.usage_closings ENABLE ROW LEVEL SECURITY;

--
-- Name: usage_corrections; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.usage_corrections ENABLE ROW LEVEL SECURITY;

--
-- Name: usage_records; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.usage_records ENABLE ROW LEVEL SECURITY;

--
-- Name: usage_windows; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.usage_windows ENABLE ROW LEVEL SECURITY;

--
-- Name: users; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -
--

GRANT ALL ON SCHEMA public TO tocsin_owner;

--
-- Name: FUNCTION clean_search_index(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.clean_search_index() FROM PUBLIC;
GRANT ALL ON FUNCTION public.clean_search_index() TO tocsin_engine;

--
-- Name: TABLE accounts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.accounts TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.accounts TO tocsin_engine;

--
-- Name: SEQUENCE accounts_id_seq; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,USAGE ON SEQUENCE public.accounts_id_seq TO tocsin_app;
GRANT SELECT,USAGE ON SEQUENCE public.accounts_id_seq TO tocsin_engine;

--
-- Name: TABLE alert_attachments; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_attachments TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_attachments TO tocsin_engine;

--
-- Name: TABLE alert_counters; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_counters TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_counters TO tocsin_engine;

--
-- Name: TABLE alert_log; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_log TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_log TO tocsin_engine;

--
-- Name: TABLE alert_notes; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_notes TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_notes TO tocsin_engine;

--
-- Name: TABLE alert_requests; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_requests TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_requests TO tocsin_engine;

--
-- Name: TABLE alert_texts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alert_texts TO tocsin_engine;

--
-- Name: TABLE alerts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alerts TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.alerts TO tocsin_engine;

--
-- Name: TABLE attempts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attempts TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.attempts TO tocsin_engine;

--
-- Name: TABLE audit_log; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.audit_log TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.audit_log TO tocsin_engine;

--
-- Name: TABLE billing_commands; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.billing_commands TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.billing_commands TO tocsin_engine;

--
-- Name: TABLE billing_information; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.billing_information TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.billing_information TO tocsin_engine;

--
-- Name: TABLE calendar_feeds; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.calendar_feeds TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.calendar_feeds TO tocsin_engine;

--
-- Name: TABLE card_customers; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.card_customers TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.card_customers TO tocsin_engine;

--
-- Name: TABLE card_events; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.card_events TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.card_events TO tocsin_engine;

--
-- Name: TABLE cards; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cards TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.cards TO tocsin_engine;

--
-- Name: TABLE charges; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.charges TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.charges TO tocsin_engine;

--
-- Name: TABLE configuration_versions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.configuration_versions TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.configuration_versions TO tocsin_engine;

--
-- Name: TABLE contacts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contacts TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.contacts TO tocsin_engine;

--
-- Name: TABLE countries_used; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.countries_used TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.countries_used TO tocsin_engine;

--
-- Name: TABLE country_overrides; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.country_overrides TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.country_overrides TO tocsin_engine;

--
-- Name: TABLE deletions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deletions TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.deletions TO tocsin_engine;

--
-- Name: TABLE deletions_done; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.deletions_done TO tocsin_engine;

--
-- Name: TABLE document_files; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_files TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_files TO tocsin_engine;

--
-- Name: TABLE document_lines; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_lines TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_lines TO tocsin_engine;

--
-- Name: TABLE document_series; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE public.document_series TO tocsin_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.document_series TO tocsin_engine;

--
-- Name: TABLE documents; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.documents TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.documents TO tocsin_engine;

--
-- Name: TABLE escalation_rules; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalation_rules TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalation_rules TO tocsin_engine;

--
-- Name: TABLE escalation_runs; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalation_runs TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalation_runs TO tocsin_engine;

--
-- Name: TABLE escalations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalations TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.escalations TO tocsin_engine;

--
-- Name: TABLE fair_use_cases; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.fair_use_cases TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.fair_use_cases TO tocsin_engine;

--
-- Name: TABLE fair_use_notes; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.fair_use_notes TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.fair_use_notes TO tocsin_engine;

--
-- Name: TABLE fiscal_archive; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE ON TABLE public.fiscal_archive TO tocsin_engine;

--
-- Name: TABLE forwarding_rules; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.forwarding_rules TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.forwarding_rules TO tocsin_engine;

--
-- Name: TABLE inquiries; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE ON TABLE public.inquiries TO tocsin_engine;

--
-- Name: TABLE integrations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.integrations TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.integrations TO tocsin_engine;

--
-- Name: TABLE kept; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.kept TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.kept TO tocsin_engine;

--
-- Name: TABLE mail_attachments; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mail_attachments TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mail_attachments TO tocsin_engine;

--
-- Name: TABLE mails; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mails TO tocsin_engine;

--
-- Name: TABLE notification_repeats; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_repeats TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_repeats TO tocsin_engine;

--
-- Name: TABLE notification_rule_steps; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_rule_steps TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_rule_steps TO tocsin_engine;

--
-- Name: TABLE notification_rules; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_rules TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notification_rules TO tocsin_engine;

--
-- Name: TABLE notifications; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notifications TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.notifications TO tocsin_engine;

--
-- Name: TABLE operators; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.operators TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.operators TO tocsin_engine;

--
-- Name: TABLE overrides; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.overrides TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.overrides TO tocsin_engine;

--
-- Name: TABLE passkeys; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.passkeys TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.passkeys TO tocsin_engine;

--
-- Name: TABLE payments; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.payments TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.payments TO tocsin_engine;

--
-- Name: TABLE price_books; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.price_books TO tocsin_app;
GRANT SELECT,INSERT ON TABLE public.price_books TO tocsin_engine;

--
-- Name: TABLE recovery_codes; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recovery_codes TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recovery_codes TO tocsin_engine;

--
-- Name: TABLE rented_numbers; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rented_numbers TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rented_numbers TO tocsin_engine;

--
-- Name: TABLE retention; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.retention TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.retention TO tocsin_engine;

--
-- Name: TABLE roles; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.roles TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.roles TO tocsin_engine;

--
-- Name: TABLE rotations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rotations TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rotations TO tocsin_engine;

--
-- Name: TABLE routing_rules; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.routing_rules TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.routing_rules TO tocsin_engine;

--
-- Name: TABLE saved_searches; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_searches TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.saved_searches TO tocsin_engine;

--
-- Name: TABLE schedules; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.schedules TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.schedules TO tocsin_engine;

--
-- Name: TABLE search_queue; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.search_queue TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.search_queue TO tocsin_engine;

--
-- Name: TABLE searchable_texts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.searchable_texts TO tocsin_app;

--
-- Name: TABLE server_facts; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.server_facts TO tocsin_app;
GRANT SELECT,INSERT ON TABLE public.server_facts TO tocsin_engine;

--
-- Name: TABLE sessions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO tocsin_engine;

--
-- Name: TABLE sign_in_failures; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE ON TABLE public.sign_in_failures TO tocsin_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.sign_in_failures TO tocsin_engine;

--
-- Name: TABLE sign_ups; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sign_ups TO tocsin_engine;

--
-- Name: TABLE subscription_terms; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_terms TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscription_terms TO tocsin_engine;

--
-- Name: TABLE subscriptions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscriptions TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.subscriptions TO tocsin_engine;

--
-- Name: TABLE team_members; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.team_members TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.team_members TO tocsin_engine;

--
-- Name: TABLE team_roles; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.team_roles TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.team_roles TO tocsin_engine;

--
-- Name: TABLE teams; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.teams TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.teams TO tocsin_engine;

--
-- Name: TABLE tokens; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tokens TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.tokens TO tocsin_engine;

--
-- Name: TABLE trials_given; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT ON TABLE public.trials_given TO tocsin_engine;

--
-- Name: TABLE turn_notices; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.turn_notices TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.turn_notices TO tocsin_engine;

--
-- Name: TABLE usage_closings; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_closings TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_closings TO tocsin_engine;

--
-- Name: TABLE usage_corrections; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_corrections TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_corrections TO tocsin_engine;

--
-- Name: TABLE usage_records; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_records TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_records TO tocsin_engine;

--
-- Name: TABLE usage_windows; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_windows TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.usage_windows TO tocsin_engine;

--
-- Name: TABLE users; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO tocsin_engine;

--
-- Name: TABLE workers; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.workers TO tocsin_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.workers TO tocsin_engine;

--
-- PostgreSQL database dump complete
--

