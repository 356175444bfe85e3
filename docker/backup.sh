#!/usr/bin/env bash
# Copies CPort's database, while its nodes work: one consistent moment, with what docker/restore.sh needs to check the copy. Not the master key.
#
#   docker/backup.sh FOLDER                  PostgreSQL, as PGHOST, PGPORT, PGUSER, PGDATABASE say (a password: PGPASSFILE or ~/.pgpass)
#   docker/backup.sh FOLDER --sqlite FILE    a single node's SQLite file, usually cport-data/cport.db
#
# makes FOLDER/cport-TIME.dump and FOLDER/cport-TIME.check, readable by their owner only, and prints the first one's name.
# Needs psql and pg_dump of the server's version or later; for SQLite sqlite3 (3.27 or later).
# Exit codes: 0 done, 1 it failed and left nothing, 2 wrong arguments or a program is missing.
set -euo pipefail
umask 077

say() { printf '%s\n' "$*" >&2; }
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }

[ $# = 1 ] || { [ $# = 3 ] && [ "$2" = --sqlite ]; } || usage
folder=$1
sqlite=${3:-}
[ -n "$sqlite" ] || [ -n "${PGDATABASE:-}" ] || { say 'Which database? PGDATABASE is not set.'; usage; }
for program in sha256sum awk $([ -n "$sqlite" ] && echo sqlite3 || echo psql pg_dump); do
  command -v "$program" >/dev/null || { say "$program is not installed."; exit 2; }
done

mkdir -p "$folder"
name=$folder/cport-$(date -u +%Y%m%dT%H%M%SZ)
[ ! -e "$name.dump" ] || { say "$name.dump is there already."; exit 1; }
work=$(mktemp -d "$folder/.backup-XXXXXX")
trap 'rm -rf "$work"' EXIT
# A broken-off copy must not look like a backup.
fail() { say "Backup failed: $*"; exit 1; }

if [ -z "$sqlite" ]; then
  export CPORT_WORK=$work
  # The counts are of the very moment that pg_dump copies: both use one snapshot. Nodes are not held up; they wait for no lock of a reader.
  psql -XAtq -v ON_ERROR_STOP=1 >"$work/counts" <<'SQL' || fail 'psql could not read the database (see above).'
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv CPORT_SNAPSHOT :snapshot
\! pg_dump --format=custom --no-owner --no-privileges --schema=public --snapshot="$CPORT_SNAPSHOT" --file="$CPORT_WORK/dump" && touch "$CPORT_WORK/dumped"
SELECT 'journal-max ' || coalesce(max(ordering), 0) FROM journal;
SELECT 'key ' || string_agg(DISTINCT master, ',') FROM cport_keys HAVING count(*) > 0;
SELECT format('SELECT %L || count(*) FROM %I', 'table ' || relname || ' ', relname) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname \gexec
COMMIT;
SQL
  [ -e "$work/dumped" ] || fail 'pg_dump ended with an error (see above).'
  pg_restore --list "$work/dump" >/dev/null || fail 'pg_restore cannot read what pg_dump wrote.'
  source="postgresql $PGDATABASE"
else
  [ -f "$sqlite" ] || fail "there is no $sqlite."
  # VACUUM INTO reads one snapshot; .backup would begin anew with every write of the node.
  sqlite3 -cmd '.timeout 30000' "file:$sqlite?mode=ro" "VACUUM INTO '${work//\'/\'\'}/dump'" || fail 'sqlite3 could not copy the file.'
  [ "$(sqlite3 "$work/dump" 'PRAGMA integrity_check')" = ok ] || fail 'the copy is damaged.'
  sqlite3 "$work/dump" "SELECT 'journal-max ' || coalesce(max(ordering), 0) FROM journal; SELECT 'key ' || group_concat(DISTINCT master) FROM cport_keys HAVING count(*) > 0;" >"$work/counts"
  for table in $(sqlite3 "$work/dump" "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"); do
    sqlite3 "$work/dump" "SELECT 'table $table ' || count(*) FROM \"$table\"" >>"$work/counts"
  done
  source="sqlite $(basename "$sqlite")"
fi

grep -q '^journal-max [0-9]' "$work/counts" || fail 'this is not a database of CPort: it has no journal.'
{
  echo 'cport-backup 1'
  echo "source $source"
  echo "sha256 $(sha256sum <"$work/dump" | cut -d' ' -f1)"
  cat "$work/counts"
} >"$work/check"
mv "$work/check" "$name.check"
mv "$work/dump" "$name.dump"
sync -f "$folder" 2>/dev/null || sync
say "Journal: $(awk '$1 == "table" && $2 == "journal" {print $3}' "$name.check") events, up to $(awk '$1 == "journal-max" {print $2}' "$name.check"); $(du -h "$name.dump" | cut -f1)."
say "The master key $(awk '$1 == "key" {print $2}' "$name.check") is not in it; without it nothing can be read. Keep it, and elsewhere."
echo "$name.dump"
