-- The numbers at the top of the page: label, value, and a line of explanation.
with jobs as (select * from models.loxo__job_enhanced where not is_deleted),
applications as (select * from models.loxo__application_enhanced where not is_deleted),
year_of_placements as (
  select * from models.loxo__placements where created_at > (select max(newest) from streams) - interval 1 year
)
select 1 as place, 'Open jobs' as label, count(*) filter (status = 'OPEN') as value, 'of ' || count(*) || ' jobs' as note from jobs
union all
select 2, 'Applications in progress', count(*) filter (status = 'active'), 'of ' || count(*) || ' applications' from applications
union all
select 3, 'Hired', count(*) filter (status = 'hired'),
  coalesce(round(100.0 * count(*) filter (status = 'hired') / nullif(count(*), 0), 1) || ' % of applications', 'no applications')
from applications
union all
select 4, 'Days to fill a job', round(median(days_to_fill)), 'median of ' || count(days_to_fill) || ' filled jobs' from jobs
union all
select 5, 'Placements in a year', count(*), 'in the twelve months before the last read' from year_of_placements
union all
select 6, 'Fees of these placements', sum(fee), 'as Loxo states them, without a currency' from year_of_placements
order by place
