-- depends: 0021_window_anchors
-- Cards on file at the payment provider: what may be shown of them, never a number; and the events that were handled.

set lock_timeout = '5s';

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
