-- depends: 0034_countries
-- A question of somebody who is signed in says of which account, and goes with the account.

set lock_timeout = '5s';

alter table inquiries add account_id bigint references accounts;
alter table inquiries add subscription text not null default '';
create index inquiries_of_accounts on inquiries (account_id) where account_id is not null;
alter table inquiries enable row level security;
alter table inquiries force row level security;
create policy engine on inquiries to tocsin_engine, tocsin_owner using (true) with check (true);
