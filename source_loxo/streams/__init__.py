"""The kinds of streams, and the records that the syncs of each kind read.

| kind | streams | first sync | later syncs |
|---|---|---|---|
| `Unsliced` | lists that come whole, countries | all | all |
| `FullRefresh` | every scrolled stream in full refresh | slices | slices |
| `ChangeFeed` | people | slices, then newest first down to the mark | newest first down to the state |
| `Jobs` | jobs | all, below the result limit, then newest first | newest first down to the state |
| `TouchedJobs` | the parents of job_candidates | all jobs | changed jobs, jobs of new activities; weekly all |
| `CreatedAt` | person_events, email_tracking, sms, merges | slices | recently created and changed records |
| `UpdatedAt` | companies, deals, placements | slices | changed records, if Loxo can select them; else all |
| `DeletedRecords` | deleted_records | the ids of all objects, no records | the ids again, compared |
| `Substream` | streams below others | the children of each parent | those of the parents that changed |
"""
