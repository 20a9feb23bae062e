-- The numbers at the top of the page: label, value, and a line of explanation.
with jobs as (select * from models.loxo__job_enhanced where not is_deleted),
applications as (select * from models.loxo__application_enhanced where not is_deleted),
year_of_placements as (
  select * from models.loxo__placements where created_at > (select max(newest) from streams) - interval 1 year
),
numbers as (
  select 1 as place, 'Open jobs' as label, count(*) filter (status = 'OPEN') as value, 'of ' || count(*) || ' jobs' as note
  from jobs
  union all
  select 2, 'Applications in progress', count(*) filter (status = 'active'), 'of ' || count(*) || ' applications'
  from applications
  union all
  select 3, 'Hired', count(*) filter (status = 'hired'), 'of ' || count(*) || ' applications' from applications
  union all
  select 5, 'Placements in a year', count(*), 'in the twelve months before the last read' from year_of_placements
)
select place, label, cast(value as decimal(38, 9)) as value, note from numbers
union all
select 4, 'Days to fill a job', cast(median(days_to_fill) as decimal(38, 9)), 'median of ' || count(days_to_fill) || ' filled jobs'
from jobs
union all
select 6, 'Fees of these placements', sum(fee), 'as Loxo states them, without a currency' from year_of_placements
order by place
