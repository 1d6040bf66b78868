-- depends: 0022_usage
-- Usage that came late is found without reading all of it; of a card's expiry its owners hear once a notice.

set lock_timeout = '5s';

create index usage_records_late on usage_records (account_id, received_at)
  where received_at - at > interval '48 hours';

alter table subscriptions add column card_noticed_on date;  -- the last day on which a card's expiry was told of
