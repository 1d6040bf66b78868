-- depends: 0024_terms
-- From which day, and between whose midnights, metering windows are cut under a term.

set lock_timeout = '5s';

alter table subscription_terms add column anchor_on date;
alter table subscription_terms add column zone text not null default 'UTC' check (zone <> '');
