#!/usr/bin/env bash
# Puts a backup of docker/backup.sh into an empty database and checks it: everything or nothing. Then start the nodes on it, with the same master key.
#
#   docker/restore.sh FOLDER/cport-TIME.dump                  PostgreSQL, into the empty database that PGHOST, PGPORT, PGUSER, PGDATABASE name
#   docker/restore.sh FOLDER/cport-TIME.dump --sqlite FILE    as FILE, which must not be there yet
#
# Nodes that run on the old database are told apart from those on this one: it gets a name of its own and forgets the old cluster's members.
# Exit codes: 0 done, 1 it failed and the database is as empty as before, 2 wrong arguments or a program is missing, 3 the database is not empty,
# 4 the backup is damaged or incomplete.
set -euo pipefail
umask 077

say() { printf '%s\n' "$*" >&2; }
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

[ $# = 1 ] || { [ $# = 3 ] && [ "$2" = --sqlite ]; } || usage
dump=$1
check=${dump%.dump}.check
sqlite=${3:-}
[ -n "$sqlite" ] || [ -n "${PGDATABASE:-}" ] || { say 'Into which database? PGDATABASE is not set.'; usage; }
for program in sha256sum awk $([ -n "$sqlite" ] && echo sqlite3 || echo psql pg_restore); do
  command -v "$program" >/dev/null || { say "$program is not installed."; exit 2; }
done

damaged() { say "The backup cannot be used: $*"; exit 4; }
of() { awk -v what="$1" '$1 == what {print $2; exit}' "$check"; }
[ -f "$dump" ] || damaged "there is no $dump."
[ -f "$check" ] || damaged "there is no $check beside it."
[ "$(of cport-backup)" = 1 ] || damaged "$check is of another kind."
[ "$(sha256sum <"$dump" | cut -d' ' -f1)" = "$(of sha256)" ] || damaged "$dump is not as it was written."
[ "$(of source)" = "$([ -n "$sqlite" ] && echo sqlite || echo postgresql)" ] || damaged "it is of $(of source); events are not carried over between products."

# Whoever was acknowledged after the backup was told a number; those are not given again. A block of a node is 10,000.
reset="
UPDATE cport_numbers SET next = next + 1000000, mark = NULL;
DELETE FROM cport_settings WHERE name IN ('database-id', 'cluster-incarnation', 'write-probe');
DELETE FROM cport_members;
DELETE FROM cport_lives;
DELETE FROM cport_leases;"

if [ -z "$sqlite" ]; then
  there=$(psql -XAtq -v ON_ERROR_STOP=1 -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'") || { say 'The database does not answer (see above).'; exit 1; }
  [ "$there" = 0 ] || { say "The database $PGDATABASE is not empty ($there tables, indexes and sequences). Make a new one: createdb $PGDATABASE-restored"; exit 3; }

  # One transaction with the checks in it: a backup that lacks a row leaves nothing behind.
  complaints=$(mktemp)
  trap 'rm -f "$complaints"' EXIT
  {
    # The schema is there in an empty database too.
    { pg_restore --no-owner --no-privileges --file=- "$dump" | sed '/^CREATE SCHEMA public;$/d'; } || echo 'SELECT broken_off();'
    awk -v q="'" '
      $1 == "journal-max" {expect("the journal ends at another place", "(SELECT coalesce(max(ordering), 0) FROM public.journal)", $2)}
      $1 == "table" {expect("another number of rows in " $2, "(SELECT count(*) FROM public.\"" $2 "\")", $3)}
      function expect(complaint, sql, value) {
        print "DO $check$ BEGIN IF " sql " <> " value " THEN RAISE EXCEPTION " q "CPORT-CHECK: " complaint q "; END IF; END $check$;"
      }' "$check"
    printf 'SET search_path = public;\n%s\n' "$reset"
  } | psql -XAtq -v ON_ERROR_STOP=1 --single-transaction --file=- >/dev/null 2>"$complaints" || {
    # Not what PostgreSQL adds to an error: it quotes rows.
    grep -E 'ERROR|FATAL|error:' "$complaints" | head -5 >&2 || true
    code=1
    ! grep -q 'CPORT-CHECK' "$complaints" || code=4
    say "Nothing was restored; the database $PGDATABASE is empty as before."
    exit "$code"
  }
  psql -XAtq -c 'ANALYZE' || say 'ANALYZE failed; the server does it by itself in a while.'
  where=$PGDATABASE
else
  if [ -e "$sqlite" ] || [ -e "$sqlite-wal" ]; then
    say "$sqlite (or its -wal) is there already; restore into a new folder."
    exit 3
  fi
  part=$sqlite.part-$$
  trap 'rm -f "$part"' EXIT
  cp "$dump" "$part"
  [ "$(sqlite3 "$part" 'PRAGMA integrity_check')" = ok ] || damaged 'the file is not whole.'
  [ "$(sqlite3 "$part" 'SELECT coalesce(max(ordering), 0) FROM journal')" = "$(of journal-max)" ] || damaged 'the journal ends at another place.'
  while read -r table rows; do
    [ "$(sqlite3 "$part" "SELECT count(*) FROM \"$table\"")" = "$rows" ] || damaged "another number of rows in $table."
  done < <(awk '$1 == "table" {print $2, $3}' "$check")
  sqlite3 "$part" "BEGIN; $reset COMMIT;" || { say 'sqlite3 could not write the file.'; exit 1; }
  mv "$part" "$sqlite"
  where=$sqlite
fi

say "Restored into $where: journal of $(awk '$1 == "table" && $2 == "journal" {print $3}' "$check") events up to $(of journal-max), all $(awk '$1 == "table"' "$check" | wc -l) tables as counted at the backup."
say "Start the nodes with the master key $(of key). Revoke again what was revoked since the backup; senders send again what it missed."
