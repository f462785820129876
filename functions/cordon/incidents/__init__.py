"""What Cordon remembers: the record, its ledger, locks, holds and evidence."""
