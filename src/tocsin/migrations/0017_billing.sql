-- depends: 0021_window_anchors 0013_price_books 0025_inactive
-- Subscriptions, documents, payments, cards, rented numbers: how accounts are billed.

set lock_timeout = '5s';

create table subscriptions (
  account_id            bigint primary key references accounts,
  standing              text not null check (standing in ('granted', 'trialing', 'active', 'past_due', 'restricted',
                                                          'canceling', 'free', 'deleting', 'deleted')),
  plan                  text not null check (plan <> ''),
  interval              text check (interval in ('month', 'year')),
  seats                 integer not null check (seats >= 0),
  currency              text not null check (currency ~ '^[A-Z]{3}$'),
  zone                  text not null check (zone <> ''),
  book_version          integer not null,
  collection            text not null check (collection in ('card', 'invoice')),
  created_on            date not null,
  anchor_on             date,
  term_starts_on        date,
  term_ends_on          date,
  window_starts_on      date,
  window_starts_at      timestamptz,
  trial_ends_at         timestamptz,
  reminded_until        timestamptz,
  chosen                jsonb,
  converting            boolean not null,
  grace_ends_at         timestamptz,
  scheduled             jsonb,
  cancels               boolean not null,
  next_zone             text,
  next_currency         text,
  balance_minor         bigint not null,
  usage_billed          boolean not null,
  usage_billed_next     boolean,
  usage_billed_on       date,
  telephony_stopped     boolean not null,
  spending_cap_minor    bigint check (spending_cap_minor >= 0),
  auto_expand           boolean not null,
  expanded_on           date,
  expanded_from         integer not null check (expanded_from >= 0),
  po_number             text not null,
  po_ceiling_minor      bigint,
  po_required           boolean not null,
  invoiced              boolean not null,
  free_since            timestamptz,
  price_noticed         integer not null,
  deletion_requested_at timestamptz,
  default_card_id       uuid,
  documents_made        integer not null check (documents_made >= 0),
  version               integer not null check (version >= 0),
  due_at                timestamptz,     -- when the next thing happens by itself
  closed                jsonb not null,  -- windows whose usage goes on the next regular invoice
  carried_minor         bigint not null check (carried_minor >= 0),
  carried_times         integer not null check (carried_times between 0 and 3),
  pending_key           text,            -- the command whose charge is under way: nothing else happens meanwhile
  failed_because        text,            -- a due step that could not be taken, for the operator
  check ((term_starts_on is null) = (term_ends_on is null)),
  check (term_starts_on < term_ends_on),
  check (term_ends_on is null or (anchor_on is not null and interval is not null and window_starts_on is not null)),
  check (collection = 'card' or interval is distinct from 'month')
);
call protect('subscriptions');
create index subscriptions_due on subscriptions (due_at) where due_at is not null and pending_key is null;
create index subscriptions_by_price on subscriptions (price_noticed) where term_ends_on is not null;

create table billing_information (
  account_id      bigint primary key references accounts,
  name            text not null,
  address         text[] not null,
  postal_code     text not null,
  city            text not null,
  country         text not null,
  vat_id          text not null,
  vat_verified_at timestamptz,
  emails          text[] not null,
  reference       text not null,
  locale          text not null,
  vat_check       jsonb  -- the last that is known of the VAT id
);
call protect('billing_information');

create table documents (
  account_id    bigint not null references accounts,
  id            uuid not null,
  kind          text not null check (kind in ('invoice', 'credit_note')),
  status        text not null check (status in ('draft', 'open', 'action_required', 'partially_paid', 'paid',
                                                'written_off', 'issued')),
  number        text check (number <> ''),
  series_seller text,
  series_year   integer,
  series_number integer check (series_number > 0),
  currency      text not null check (currency ~ '^[A-Z]{3}$'),
  dated_on      date not null,
  issued_at     timestamptz,
  due_at        timestamptz,
  taxes         jsonb not null,
  net_minor     bigint not null,
  tax_minor     bigint not null,
  gross_minor   bigint not null,
  paid_minor    bigint not null,
  seller        jsonb,
  buyer         jsonb not null,
  collection    text not null check (collection in ('card', 'invoice')),
  po_number     text not null,
  notes         text[] not null,
  zone          text not null,
  credits       uuid,
  book_version  integer not null,
  -- a draft that waits for late usage
  finalise_at   timestamptz,
  is_final      boolean,
  windows       jsonb,
  -- dunning of an invoice with something owed
  due_on        date,
  day_done      integer,
  hard          boolean not null default false,
  charging      boolean not null default false,
  -- files are made after it is finalised
  render_at     timestamptz,
  render_tries  integer not null default 0,
  primary key (account_id, id),
  foreign key (account_id, credits) references documents,
  unique (series_seller, kind, series_year, series_number),
  check ((status = 'draft') = (number is null)),
  check ((number is null) = (series_number is null)),
  check ((number is null) = (issued_at is null)),
  check (number is null or (seller is not null and gross_minor >= 0 and gross_minor = net_minor + tax_minor)),
  check (number is null or paid_minor between 0 and gross_minor),
  check (kind = 'invoice' or status = 'issued')
);
call protect('documents');
create index documents_open on documents (account_id)
  where status in ('draft', 'open', 'action_required', 'partially_paid');
create index documents_to_render on documents (render_at) where render_at is not null;

create function keep_finalised_document() returns trigger language plpgsql as $$
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
create trigger finalised_documents_are_kept before update or delete on documents
  for each row execute function keep_finalised_document();

create table document_lines (
  account_id   bigint not null,
  document_id  uuid not null,
  position     integer not null,
  id           uuid not null,
  kind         text not null,
  item         text not null,
  quantity     integer not null,
  amount_minor bigint not null,
  unit_minor   bigint,
  starts_on    date,
  ends_on      date,
  days_left    integer,
  days         integer,
  credits      uuid,
  tax_category text not null,
  tax_rate_bp  integer not null check (tax_rate_bp between 0 and 10000),
  detail       jsonb not null,
  running      boolean not null default false,  -- a debit for days still to come, of which nothing was given back
  primary key (account_id, document_id, position),
  unique (account_id, id),
  foreign key (account_id, document_id) references documents on delete cascade,
  check (days_left between 0 and days),
  check (starts_on < ends_on)
);
call protect('document_lines');
create index document_lines_running on document_lines (account_id) where running;

-- The last number of each series, locked from the first finalisation of a transaction to its commit: no gap, no double.
create table document_series (
  seller text not null,
  kind   text not null,
  year   integer not null,
  last   integer not null check (last > 0),
  primary key (seller, kind, year)
);
grant select, insert, update on document_series to tocsin_app, tocsin_engine;

-- The finished files, made once: each download is the same bytes.
create table document_files (
  account_id  bigint not null,
  document_id uuid not null,
  format      text not null check (format in ('pdf', 'xml')),
  content     bytea not null,
  sha256      bytea not null,
  created_at  timestamptz not null,
  primary key (account_id, document_id, format),
  foreign key (account_id, document_id) references documents on delete cascade
);
call protect('document_files');

create table payments (
  account_id   bigint not null,
  id           uuid not null,
  document_id  uuid not null,
  method       text not null check (method in ('card', 'transfer', 'cheque', 'balance', 'write_off', 'credit_note')),
  amount_minor bigint not null,
  excess_minor bigint not null,
  paid_at      timestamptz not null,
  reference    text not null,
  primary key (account_id, id),
  foreign key (account_id, document_id) references documents on delete cascade
);
call protect('payments');
create index payments_of_document on payments (account_id, document_id);

-- Cards on file at the payment provider: what may be shown of them, never a number; and the events that were handled.
create table card_customers (
  account_id bigint primary key references accounts,
  key        uuid not null,  -- makes the customer at the provider once
  customer   text unique check (customer <> '')
);
call protect('card_customers');

create table cards (
  account_id bigint not null references card_customers,
  id         uuid not null,
  ref        text not null check (ref <> ''),
  brand      text not null check (brand <> ''),
  last4      text not null check (last4 ~ '^[0-9]{4}$'),
  exp_month  smallint not null check (exp_month between 1 and 12),
  exp_year   smallint not null check (exp_year between 2000 and 2999),
  funding    text not null check (funding in ('credit', 'debit', 'prepaid', 'unknown')),
  country    text,
  added_at   timestamptz not null,
  removed_at timestamptz,
  primary key (account_id, id),
  unique (account_id, ref)
);
call protect('cards');

create table card_events (
  account_id bigint not null references card_customers,
  id         text not null check (id <> ''),
  at         timestamptz not null,  -- the provider's
  handled_at timestamptz not null,
  primary key (account_id, id)
);
call protect('card_events');

-- Attempts at a card. The id is the provider's idempotency key.
create table charges (
  account_id   bigint not null references accounts,
  id           uuid not null,
  purpose      text not null check (purpose in ('order', 'conversion', 'invoice')),
  document_id  uuid,
  command_key  text,
  amount_minor bigint not null check (amount_minor > 0),
  currency     text not null,
  card_id      uuid,
  status       text not null check (status in ('wanted', 'sent', 'paid', 'declined', 'action_required', 'cancelled')),
  code         text not null default '',
  reference    text not null default '',
  tries        integer not null default 0,
  created_at   timestamptz not null,
  settled_at   timestamptz,
  due_at       timestamptz,  -- when it is made, asked about again, or given up
  primary key (account_id, id)
);
call protect('charges');
create index charges_due on charges (due_at) where due_at is not null;
create index charges_by_reference on charges (reference) where reference <> '';
create index charges_of_document on charges (account_id, document_id);

create table rented_numbers (
  account_id  bigint not null references accounts,
  id          uuid not null,
  e164        text not null check (e164 like '+%'),
  added_at    timestamptz not null,
  released_at timestamptz,
  ended_at    timestamptz,
  primary key (account_id, id)
);
call protect('rented_numbers');

-- Commands that were done, by the caller's idempotency key: the same again gets the first result.
create table billing_commands (
  account_id bigint not null references accounts,
  key        text not null check (key <> ''),
  command    jsonb not null,
  by_user_id uuid,
  status     text not null check (status in ('pending', 'done', 'declined')),
  result     jsonb not null,
  created_at timestamptz not null,
  primary key (account_id, key)
);
call protect('billing_commands');

-- Whoever is here already has everything.
insert into subscriptions (account_id, standing, plan, seats, currency, zone, book_version, collection, created_on,
                           converting, cancels, balance_minor, usage_billed, telephony_stopped, auto_expand,
                           expanded_from, po_number, po_required, invoiced, price_noticed, documents_made, version,
                           closed, carried_minor, carried_times)
select id, 'granted', 'enterprise', 0, 'USD', time_zone, 1, 'card', (created_at at time zone 'UTC')::date, false, false,
       0, false, false, false, 0, '', false, false, 1, 0, 0, '[]', 0, 0
  from accounts;
