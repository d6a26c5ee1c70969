-- The audit log by what happened, and what was refused: few entries among many.
create index audit_entry_verb on audit_entry (verb, position);
create index audit_entry_refused on audit_entry (position) where outcome = 'refused';
