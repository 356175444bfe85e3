using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Audit;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Access;
using CPort.Domain.Audit;
using CPort.Domain.Identity;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Audit;

/// <summary>The log on both databases: durable, in the tree once, provable, and what somebody does to its rows is named.</summary>
public sealed class AuditLogTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_record_is_durable_when_it_is_answered_then_in_the_tree_and_provable(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var id = Assert.Single(await world.Log.RecordAsync(Look("key-1", 3), default));
        var waiting = await world.Reader.FindAsync(id, default);
        Assert.Null(waiting!.Value.Seq);

        await world.SequenceAsync();
        var (seq, bytes) = (await world.Reader.FindAsync(id, default))!.Value;
        Assert.Equal(0, seq);
        Assert.Equal(waiting.Value.Bytes, bytes);
        var proof = await world.Reader.ProveAsync(seq!.Value, default);
        Assert.True(proof!.Proves(bytes, world.Tree.Signer.Verifier));

        Assert.True(AuditEntry.TryRead(bytes, out var entry));
        Assert.Equal((id, AuditKind.Consultation, "hotline-nl"), (entry.Id, entry.Kind, entry.Actor.Agency));
        var text = Encoding.UTF8.GetString(bytes);
        Assert.DoesNotContain("key-1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Heron", text, StringComparison.Ordinal);
        var found = Assert.Single(await world.Reader.SearchAsync(new AuditSearch { Person = "key-1" }, _ => true, default));
        Assert.Equal(("key-1", "Op. Heron"), (found.Details!.Person, found.Details.Purpose));
        Assert.Null(Assert.Single(await world.Reader.SearchAsync(new AuditSearch(), _ => false, default)).Details);
        Assert.Equal(0, await world.CountAsync("cport_audit_waiting"));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task It_is_found_by_person_agency_record_kind_and_time(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        await world.Log.RecordAsync(Look("key-1", 1), default);
        await world.Log.RecordAsync(Look("key-2", 2) with { Kind = AuditKind.Export }, default);
        await world.Log.RecordAsync(Look("key-3", 3) with { Caller = Who("key-3", "police-nl") }, default);
        await world.SequenceAsync();

        async Task<int> Count(AuditSearch search) => (await world.Reader.SearchAsync(search, _ => true, default)).Count;
        Assert.Equal(3, await Count(new AuditSearch()));
        Assert.Equal(1, await Count(new AuditSearch { Person = "key-2" }));
        Assert.Equal(1, await Count(new AuditSearch { Agencies = ["police-nl"] }));
        Assert.Equal(0, await Count(new AuditSearch { Agencies = [] }));
        Assert.Equal(1, await Count(new AuditSearch { Kinds = [AuditKind.Export, AuditKind.Erasure] }));
        Assert.Equal(1, await Count(new AuditSearch { Record = new AuditObject(AuditObjectKind.Report, new ReportId(2).ToString()) }));
        Assert.Equal(1, await Count(new AuditSearch { Record = new AuditObject(AuditObjectKind.Item, $"{new ReportId(2)}-1") }));
        Assert.Equal(0, await Count(new AuditSearch { To = DateTimeOffset.UtcNow.AddHours(-1) }));
        Assert.Equal(2, await Count(new AuditSearch { Before = 2 }));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Many_at_once_on_two_nodes_are_each_in_the_tree_once(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        using var other = world.Another();
        var ids = (await Task.WhenAll(Enumerable.Range(0, 600).Select(i =>
            (i % 2 == 0 ? world : other).Log.RecordAsync(Look($"key-{i % 7}", i + 1), default)))).SelectMany(i => i).ToArray();
        Assert.Equal(600, ids.Distinct().Count());

        // Two that sequence at once: one of them is told, and goes on where the other got to.
        await world.Tree.LoadAsync(default);
        await other.Tree.LoadAsync(default);
        while (await world.Sequencer.StepAsync(default))
        {
        }

        await world.Log.RecordAsync(Look("key-9", 601), default);
        await Assert.ThrowsAsync<AuditFencedException>(() => other.Sequencer.StepAsync(default));
        await other.SequenceAsync();

        var verdict = await world.VerifyAsync();
        Assert.Equal((601, null), (verdict.Size, verdict.Fault));
        Assert.Equal(601, await world.CountAsync("cport_audit_entries"));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_row_that_was_changed_taken_away_or_moved_is_named(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        for (var i = 0; i < 300; i++)
        {
            await world.Log.RecordAsync(Look("key-1", i + 1), default);
        }

        await world.SequenceAsync();
        Assert.Null((await world.VerifyAsync()).Fault);

        await world.DoAsync("CREATE TABLE kept AS SELECT * FROM cport_audit_entries", "CREATE TABLE kept_tiles AS SELECT * FROM cport_audit_tiles");
        async Task<LogFault> After(params string[] damage)
        {
            await world.DoAsync(damage);
            var fault = (await world.VerifyAsync()).Fault;
            await world.DoAsync(
                "DELETE FROM cport_audit_entries", "INSERT INTO cport_audit_entries SELECT * FROM kept", "DELETE FROM cport_audit_tiles",
                "INSERT INTO cport_audit_tiles SELECT * FROM kept_tiles");
            Assert.Null((await world.VerifyAsync()).Fault);
            return Assert.IsType<LogFault>(fault);
        }

        var other = provider == DatabaseProvider.Sqlite ? "x'7b7d'" : "'\\x7b7d'::bytea";
        Assert.Equal((LogFaultKind.Changed, 17L), Of(await After($"UPDATE cport_audit_entries SET entry = {other} WHERE seq = 17")));
        Assert.Equal((LogFaultKind.Missing, 270L), Of(await After("DELETE FROM cport_audit_entries WHERE seq = 270")));
        Assert.Equal((LogFaultKind.Missing, 299L), Of(await After("DELETE FROM cport_audit_entries WHERE seq = 299")));
        var moved = await After(
            "UPDATE cport_audit_entries SET seq = 1000000 WHERE seq = 5", "UPDATE cport_audit_entries SET seq = 5 WHERE seq = 260",
            "UPDATE cport_audit_entries SET seq = 260 WHERE seq = 1000000");
        Assert.Equal((LogFaultKind.Moved, 5L, 260L), (moved.Kind, moved.From, moved.To));
        Assert.Equal(LogFaultKind.Tile, (await After("DELETE FROM cport_audit_tiles WHERE level = 0 AND number = 1")).Kind);
        Assert.Equal(LogFaultKind.Tile, (await After($"UPDATE cport_audit_tiles SET hashes = {other} WHERE level = 1")).Kind);

        // Who changes the row and makes its tile anew meets the tile above, and behind all of them the signature.
        var entry = (await world.Reader.EntriesAsync(0, 1, default))[0];
        var tile = (await world.Reader.TileAsync(new Tile(0, 0, 256), default))!;
        Merkle.LeafHash([.. entry, 32]).CopyTo(tile, 0);
        var hex = Convert.ToHexStringLower(tile);
        string Bytes(string h) => provider == DatabaseProvider.Sqlite ? $"x'{h}'" : $"'\\x{h}'::bytea";
        string[] rewritten =
        [
            $"UPDATE cport_audit_entries SET entry = {Bytes(Convert.ToHexStringLower([.. entry, 32]))} WHERE seq = 0",
            $"UPDATE cport_audit_tiles SET hashes = {Bytes(hex)} WHERE level = 0 AND number = 0",
        ];
        Assert.Equal(LogFaultKind.Tile, (await After(rewritten)).Kind);
        Assert.Equal(LogFaultKind.Rewritten, (await After(
            [.. rewritten, $"UPDATE cport_audit_tiles SET hashes = {Bytes(Convert.ToHexStringLower(Merkle.PerfectRoot(tile)))} WHERE level = 1"])).Kind);
        await world.DoAsync("UPDATE cport_audit_checkpoints SET note = REPLACE(note, '300', '299')");
        Assert.Equal(LogFaultKind.Checkpoint, (await world.VerifyAsync()).Fault?.Kind);
    }

    /// <summary>
    /// What a node signs extends what a node has signed: whoever rewrites entries and tiles, takes the signed checkpoints away and makes the sequencer read
    /// the end anew gets no signature for it, nor does who moves the place up to which the journal is in.
    /// </summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_rewritten_end_is_never_signed(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        for (var i = 0; i < 300; i++)
        {
            await world.Log.RecordAsync(Look("key-1", i + 1), default);
        }

        await world.SequenceAsync();
        string Bytes(byte[] b) => provider == DatabaseProvider.Sqlite ? $"x'{Convert.ToHexStringLower(b)}'" : $"'\\x{Convert.ToHexStringLower(b)}'::bytea";
        var tile = (await world.Reader.TileAsync(new Tile(0, 0, 256), default))!;
        var above = (await world.Reader.TileAsync(new Tile(1, 0, 1), default))!;
        var entry = (await world.Reader.EntriesAsync(0, 1, default))[0];
        Merkle.LeafHash([.. entry, 32]).CopyTo(tile, 0);
        await world.DoAsync(
            $"UPDATE cport_audit_entries SET entry = {Bytes([.. entry, 32])} WHERE seq = 0",
            $"UPDATE cport_audit_tiles SET hashes = {Bytes(tile)} WHERE level = 0 AND number = 0",
            $"UPDATE cport_audit_tiles SET hashes = {Bytes(Merkle.PerfectRoot(tile))} WHERE level = 1", "DELETE FROM cport_audit_checkpoints");
        await Assert.ThrowsAsync<SealBrokenException>(world.SequenceAsync);
        Assert.Equal(0, await world.CountAsync("cport_audit_checkpoints"));

        // Back as it was, all is well; the journal's place is bound, too.
        Merkle.LeafHash(entry).CopyTo(tile, 0);
        await world.DoAsync(
            $"UPDATE cport_audit_entries SET entry = {Bytes(entry)} WHERE seq = 0",
            $"UPDATE cport_audit_tiles SET hashes = {Bytes(tile)} WHERE level = 0 AND number = 0",
            $"UPDATE cport_audit_tiles SET hashes = {Bytes(above)} WHERE level = 1");
        await world.SequenceAsync();
        Assert.Null((await world.VerifyAsync()).Fault);
        await world.DoAsync("UPDATE cport_audit_log SET journal = journal + 100000");
        await Assert.ThrowsAsync<SealBrokenException>(world.SequenceAsync);
        await world.DoAsync("UPDATE cport_audit_log SET journal = journal - 100000");
        await world.SequenceAsync();
    }

    /// <summary>Whose an entry is, it says itself: under another agency's name in the column nobody is shown it.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_column_by_which_an_entry_is_found_gives_nobody_a_right(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        await world.Log.RecordAsync(Look("key-1", 1), default);
        await world.Log.RecordAsync(Look("key-1", 2), default);
        await world.SequenceAsync();
        await world.DoAsync("UPDATE cport_audit_entries SET agency = 'hotline-de' WHERE seq = 0");
        Assert.Empty(await world.Reader.SearchAsync(new AuditSearch { Agencies = ["hotline-de"] }, _ => true, default));

        // A row that cannot be read ends no list.
        await world.DoAsync("UPDATE cport_audit_entries SET entry = " + (provider == DatabaseProvider.Sqlite ? "x'00'" : "'\\x00'::bytea") + " WHERE seq = 1");
        var (found, next) = await world.Reader.PageAsync(new AuditSearch { MaxResults = 1 }, _ => true, default);
        Assert.Empty(found);
        Assert.Equal(1L, next);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_is_done_to_an_entry_before_the_tree_has_it_shows_too(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        for (var i = 0; i < 3; i++)
        {
            await world.Log.RecordAsync(Look("key-1", i + 1), default);
        }

        await world.DoAsync("DELETE FROM cport_audit_waiting WHERE number = 2");
        await world.SequenceAsync();
        var fault = (await world.VerifyAsync()).Fault;
        Assert.Equal((LogFaultKind.Missing, 1L), (fault!.Kind, fault.From));
        Assert.Contains("-2 is missing", fault.Text, StringComparison.Ordinal);

        await world.Log.RecordAsync(Look("key-1", 4), default);
        await world.DoAsync("UPDATE cport_audit_waiting SET number = 9");
        await world.SequenceAsync();
        Assert.Equal(1, await world.CountAsync("cport_audit_waiting"));
        Assert.Equal("NotMarked", Assert.Single(world.Doubts.List()).Reason);
    }

    /// <summary>What was done is told by the entry's own words: no deed, outcome or kind becomes another, before the tree has it or afterwards.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_deed_is_never_another_one(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        await world.Log.RecordAsync(Look("key-1", 1), default);
        await world.SequenceAsync();
        foreach (var (column, to) in new[] { ("action", "GetAgency"), ("outcome", "refused"), ("kind", "signIn") })
        {
            var (seq, before) = (0L, (await world.Reader.EntriesAsync(0, 1, default))[0]);
            var text = System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(before), $"(?<=,|\\{{)\"{column}\":\"[A-Za-z]+\"(?=,\"|\\}})", $"\"{column}\":\"{to}\"");
            Assert.NotEqual(Encoding.UTF8.GetString(before), text);
            await world.Database.ExecuteAsync("UPDATE cport_audit_entries SET entry = @entry WHERE seq = @seq", default, ("entry", Encoding.UTF8.GetBytes(text)),
                ("seq", seq));
            var fault = (await world.VerifyAsync()).Fault;
            Assert.Equal((LogFaultKind.Changed, 0L), (fault!.Kind, fault.From));
            await world.Database.ExecuteAsync("UPDATE cport_audit_entries SET entry = @entry WHERE seq = @seq", default, ("entry", before), ("seq", seq));
        }

        Assert.Null((await world.VerifyAsync()).Fault);

        // The columns by which entries are found are not the deed: what is shown is the entry.
        await world.DoAsync("UPDATE cport_audit_entries SET kind = 7 WHERE seq = 0");
        Assert.All(await world.Reader.SearchAsync(new AuditSearch(), _ => true, default), f => Assert.Equal(AuditKind.Consultation, f.Entry.Kind));

        await world.Log.RecordAsync(Look("key-1", 2), default);
        var waits = (await world.Reader.FindAsync(await world.OnlyWaitingAsync(), default))!.Value.Bytes;
        await world.Database.ExecuteAsync("UPDATE cport_audit_waiting SET entry = @entry", default,
            ("entry", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(waits).Replace("GetItem", "GetList", StringComparison.Ordinal))));
        await world.SequenceAsync();
        Assert.Equal(1, await world.CountAsync("cport_audit_entries"));
        Assert.Equal("NotMarked", Assert.Single(world.Doubts.List()).Reason);
    }

    /// <summary>A file that another program holds is told within seconds: somebody waits for the answer.</summary>
    [Fact]
    public async Task A_locked_file_is_told_soon()
    {
        using var world = await WorldAsync(DatabaseProvider.Sqlite);
        await world.Log.RecordAsync(Look("key-1", 1), default);
        await using var other = await world.Database.OpenAsync();
        await using var held = await other.BeginTransactionAsync();
        await using (var write = other.Statement("UPDATE cport_audit_log SET journal = journal WHERE id = 1"))
        {
            write.Transaction = held;
            await write.ExecuteNonQueryAsync();
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.True(Faults.IsPassing(await Assert.ThrowsAnyAsync<Exception>(() => world.Log.RecordAsync(Look("key-1", 2), default))));
        Assert.True(Faults.IsPassing(await Assert.ThrowsAnyAsync<Exception>(() => world.Log.RecordAsync(Look("key-1", 2) with { Caller = Who("k", "police-fr") }, default))));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(25));
        await held.RollbackAsync();
        await world.Log.RecordAsync(Look("key-1", 3), default);
    }

    /// <summary>Who writes the database proposes no erasure in another operator's name.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_proposal_to_erase_is_of_its_month_and_of_who_made_it(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var at = new DateTimeOffset(2026, 5, 2, 0, 0, 0, TimeSpan.Zero);
        Assert.Null(await world.Periods.ProposedAsync("hotline-nl", "2026-03", default));
        await world.Periods.ProposeAsync("hotline-nl", "2026-03", "0123456789ab", at, default);
        Assert.Equal(("0123456789ab", at), await world.Periods.ProposedAsync("hotline-nl", "2026-03", default));
        await world.DoAsync("UPDATE cport_audit_erasures SET period = '2026-02'");
        Assert.Null(await world.Periods.ProposedAsync("hotline-nl", "2026-02", default));
        await world.DoAsync("UPDATE cport_audit_erasures SET proposed = 'no base64'");
        Assert.Null(await world.Periods.ProposedAsync("hotline-nl", "2026-02", default));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Erasing_a_month_takes_who_and_why_and_leaves_the_tree_whole(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var id = Assert.Single(await world.Log.RecordAsync(Look("key-1", 1), default));
        await world.Log.RecordAsync(Look("key-3", 1) with { Caller = Who("key-3", "police-nl") }, default);
        await world.SequenceAsync();
        var period = AuditEntry.PeriodOf(DateTimeOffset.UtcNow);
        Assert.Equal(1, await world.Periods.CountAsync("hotline-nl", period, default));
        Assert.True(await world.Periods.EraseAsync("hotline-nl", period, DateTimeOffset.UtcNow, default));
        Assert.False(await world.Periods.EraseAsync("hotline-nl", period, DateTimeOffset.UtcNow, default));

        using var other = world.Another();
        Assert.Null(Assert.Single(await other.Reader.SearchAsync(new AuditSearch { Agencies = ["hotline-nl"] }, _ => true, default)).Details);
        Assert.Empty(await other.Reader.SearchAsync(new AuditSearch { Person = "key-1" }, _ => true, default));
        Assert.NotNull(Assert.Single(await other.Reader.SearchAsync(new AuditSearch { Person = "key-3" }, _ => true, default)).Details);
        Assert.Null((await other.VerifyAsync()).Fault);
        var (seq, bytes) = (await other.Reader.FindAsync(id, default))!.Value;
        Assert.True((await other.Reader.ProveAsync(seq!.Value, default))!.Proves(bytes, other.Tree.Signer.Verifier));

        // What comes late for a month that is over is written without them; while it runs nobody erases it: its key was taken away, and nothing is shown.
        await Assert.ThrowsAsync<AuditUnavailableException>(() => other.Log.RecordAsync(Look("key-1", 2), default));
        await world.DoAsync("UPDATE cport_audit_periods SET period = '2000-01' WHERE agency = 'hotline-nl'");
        Assert.Equal(
            (null, null), await other.Periods.SealAsync("hotline-nl", "2000-01", AuditDetails.Of(Look("key-1", 3), new string('0', 32)), default));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_cannot_be_written_is_a_fault_that_passes_and_the_next_is_written_again(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        await world.Log.RecordAsync(Look("key-1", 1), default);
        await world.DoAsync("ALTER TABLE cport_audit_waiting RENAME TO away");
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => world.Log.RecordAsync(Look("key-1", 2), default));
        Assert.True(Faults.IsPassing(fault));
        await world.DoAsync("ALTER TABLE away RENAME TO cport_audit_waiting");
        await world.Log.RecordAsync(Look("key-1", 3), default);
        await world.SequenceAsync();
        var verdict = await world.VerifyAsync();
        Assert.Equal((2, null), (verdict.Size, verdict.Fault));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_record_of_more_objects_than_an_entry_holds_is_several(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var record = Look("key-1", 1) with
        {
            Objects = [.. Enumerable.Range(1, 2_500).Select(i => new AuditObject(AuditObjectKind.Item, $"{new ReportId((UInt128)i)}-1"))],
        };
        Assert.Equal(3, (await world.Log.RecordAsync(record, default)).Length);
        await world.SequenceAsync();
        Assert.Single(await world.Reader.SearchAsync(
            new AuditSearch { Record = new AuditObject(AuditObjectKind.Report, new ReportId(2_400).ToString()) }, _ => true, default));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_witness_is_brought_what_it_lacks_from_wherever_it_is(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var (one, two) = (new StandInWitness("w1", world.Tree), new StandInWitness("w2", world.Tree));
        var (store, witnessing) = await WitnessesAsync(world, one, two);
        Assert.Equal((WitnessOutcome.NoAnswer, 0), (await witnessing.StepAsync(one.Known, default), one.Asked));
        await GrowAsync(world, 3);
        Assert.Equal(WitnessOutcome.Cosigned, await witnessing.StepAsync(one.Known, default));
        var seen = await store.ReadAsync(default);
        Assert.Equal((3L, 1), (seen.Size, seen.SeenBy));
        Assert.Equal([3L, null], seen.Witnesses.Select(w => w.Size));

        // Each goes on from where it is; who has seen it all is not asked again.
        await GrowAsync(world, 300);
        Assert.Equal(WitnessOutcome.Cosigned, await witnessing.StepAsync(two.Known, default));
        Assert.Equal((303L, 1), ((await store.ReadAsync(default)).Size, (await store.ReadAsync(default)).SeenBy));
        Assert.Equal(WitnessOutcome.Cosigned, await witnessing.StepAsync(one.Known, default));
        Assert.Equal(WitnessOutcome.Cosigned, await witnessing.StepAsync(one.Known, default));
        seen = await store.ReadAsync(default);
        Assert.Equal((303L, 2, 2), (seen.Size, seen.SeenBy, one.Asked));
        Assert.NotNull(world.Tree.Signer.Verifier.Open(seen.Note!));
        Assert.All(new[] { one, two }, w => Assert.NotNull(w.Known.Key.TimeOf(seen.Note!)));

        // A database that has forgotten asks from the beginning, and goes on from where the witness says that it is.
        await world.DoAsync("DELETE FROM cport_audit_witnesses");
        await GrowAsync(world, 1);
        Assert.Equal((WitnessOutcome.Cosigned, 4), (await witnessing.StepAsync(one.Known, default), one.Asked));
        Assert.Equal(304L, (await store.ReadAsync(default)).Size);

        // What somebody writes there is not shown for what was seen.
        await world.DoAsync("UPDATE cport_audit_witnesses SET note = REPLACE(note, '304', '305')");
        seen = await store.ReadAsync(default);
        Assert.Equal((null, null, 0), (seen.Size, seen.Note, seen.SeenBy));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task That_a_witness_knows_another_history_or_more_of_it_is_told_and_not_cosigned(DatabaseProvider provider)
    {
        using var world = await WorldAsync(provider);
        var witness = new StandInWitness("w1", world.Tree);
        var (store, witnessing) = await WitnessesAsync(world, witness);
        await GrowAsync(world, 5);
        string Note(long size, byte[] root) => world.Tree.Signer.Sign(new Checkpoint(world.Tree.Signer.Verifier.Name, size, root).ToString());
        foreach (var (seen, reply, outcome) in new (string?, WitnessReply?, WitnessOutcome)[]
        {
            (Note(1_000, new byte[32]), null, WitnessOutcome.SawMore), (Note(5, new byte[32]), null, WitnessOutcome.Refused),
            (Note(3, new byte[32]), null, WitnessOutcome.Refused), (null, new(null, ""), WitnessOutcome.NoAnswer),
            (null, new(500, ""), WitnessOutcome.NoAnswer), (null, new(200, "nothing"), WitnessOutcome.NoAnswer),
            (null, new(200, new Cosigner("w1", new byte[32]).Sign("another text\n", DateTimeOffset.UtcNow)), WitnessOutcome.NoAnswer),
            (null, new(409, "-1\n"), WitnessOutcome.NoAnswer), (null, new(409, "4\n"), WitnessOutcome.NoAnswer),
            (null, new(404, ""), WitnessOutcome.Unknown), (null, new(403, ""), WitnessOutcome.Unknown),
        })
        {
            (witness.Seen, witness.Says) = (seen, reply);
            Assert.Equal(outcome, await witnessing.StepAsync(witness.Known, default));
            var stand = Assert.Single((await store.ReadAsync(default)).Witnesses);
            Assert.Equal((outcome, null), (stand.Outcome, stand.Size));
        }

        (witness.Seen, witness.Says) = (null, null);
        Assert.Equal(WitnessOutcome.Cosigned, await witnessing.StepAsync(witness.Known, default));
    }

    private static async Task<(WitnessStore Store, AuditWitnessing Witnessing)> WitnessesAsync(World world, params StandInWitness[] witnesses)
    {
        await WitnessStore.EnsureTablesAsync(world.Database, default);
        AuditWitness[] known = [.. witnesses.Select(w => w.Known)];
        var store = new WitnessStore(world.Database, known);
        return (store, new AuditWitnessing(
            world.Reader, world.Tree, store, new StandInClient(witnesses), known, TimeSpan.FromMinutes(1), TimeProvider.System));
    }

    private static async Task GrowAsync(World world, int entries)
    {
        for (var i = 0; i < entries; i++)
        {
            await world.Log.RecordAsync(Look("key-1", i + 1), default);
        }

        await world.SequenceAsync();
    }

    /// <summary>A witness that keeps to the rules, or says what it is told.</summary>
    private sealed class StandInWitness(string name, AuditTree tree)
    {
        private readonly Cosigner _cosigner = new($"witness.example/{name}", SHA256.HashData(Encoding.ASCII.GetBytes(name)));

        public AuditWitness Known => new(_cosigner.Verifier, new Uri($"http://{name}.example/"));

        public string? Seen { get; set; }

        public WitnessReply? Says { get; set; }

        public int Asked { get; private set; }

        public WitnessReply Answer(string body)
        {
            Asked++;
            if (Says is { } said)
            {
                return said;
            }

            Assert.True(AddCheckpoint.TryParse(body, out var request));
            var answer = WitnessRules.Decide(request, [tree.Signer.Verifier], _ => Seen, _cosigner, DateTimeOffset.UtcNow);
            Seen = answer.Seen ?? Seen;
            return new WitnessReply(answer.Status, answer.Body);
        }
    }

    private sealed class StandInClient(StandInWitness[] witnesses) : IWitnessClient
    {
        public Task<WitnessReply> AddCheckpointAsync(Uri url, string body, CancellationToken cancellation) =>
            Task.FromResult(witnesses.Single(w => w.Known.Url == url).Answer(body));
    }

    private static (LogFaultKind, long) Of(LogFault fault) => (fault.Kind, fault.From!.Value);

    private static Caller Who(string key, string agency) => new()
    {
        Agency = AgencyId.Parse(agency), Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = key, Purpose = "Op. Heron",
    };

    private static AuditRecord Look(string key, int report) => new()
    {
        Kind = AuditKind.Consultation, Caller = Who(key, "hotline-nl"), Action = "GetItem", Outcome = AuditOutcome.Shown,
        Objects = [new AuditObject(AuditObjectKind.Item, $"{new ReportId((UInt128)report)}-1")], Fields = ["hosting", "urlString"],
        Question = new AuditQuestion([1, 2, 3], 1),
    };

    private async Task<World> WorldAsync(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await DatabaseLease.EnsureTableAsync(database, default);
        var world = new World(database);
        await world.Tree.PrepareAsync("cport.example/audit", default);
        return world;
    }

    private sealed class World : IDisposable
    {
        private readonly bool _owns;
        private readonly JournalTail _tail;

        public World(Database database, bool owns = true)
        {
            (Database, _owns) = (database, owns);
            Periods = new AuditPeriods(database, TestKeys.Ring, TimeProvider.System);
            Tree = new AuditTree(database, TestKeys.Ring, TestKeys.Seam, TimeProvider.System);
            Log = new AuditLog(database, TestKeys.Seam, Periods, TimeProvider.System, new AuditNode("node-1"));
            Reader = new AuditReader(database, Periods, TestKeys.Seam);
            _tail = new JournalTail(database, new JournalReader(database, TestKeys.Journal), TimeProvider.System, JournalTailOptions.Always);
            Sequencer = new AuditSequencer(
                database, Tree, new JournalAudit(_tail, TestKeys.Seam, Periods, new AuditNode("node-1")),
                TimeProvider.System, "node-1", Doubts);
        }

        public Database Database { get; }

        public AuditPeriods Periods { get; }

        public AuditTree Tree { get; }

        public AuditLog Log { get; }

        public AuditReader Reader { get; }

        public AuditSequencer Sequencer { get; }

        public DatabaseDoubts Doubts { get; } = new(TimeProvider.System);

        /// <summary>Another node on the same database.</summary>
        public World Another()
        {
            var other = new World(Database, owns: false);
            other.Tree.PrepareAsync("another.example/audit", default).GetAwaiter().GetResult();
            return other;
        }

        public async Task SequenceAsync()
        {
            await Tree.LoadAsync(default);
            while (await Sequencer.StepAsync(default))
            {
            }

            await Tree.SignAsync(default);
        }

        public Task<LogVerdict> VerifyAsync() => new LogCheck(Reader, Tree.Signer.Verifier).RunAsync(default);

        public async Task DoAsync(params string[] statements)
        {
            foreach (var sql in statements)
            {
                await Database.ExecuteAsync(sql, default);
            }
        }

        public async Task<string> OnlyWaitingAsync()
        {
            await using var connection = await Database.OpenAsync();
            await using var select = connection.Statement("SELECT writer || '-' || number FROM cport_audit_waiting");
            return (string)(await select.ExecuteScalarAsync())!;
        }

        public async Task<long> CountAsync(string table)
        {
            await using var connection = await Database.OpenAsync();
            await using var count = connection.Statement($"SELECT COUNT(*) FROM {table}");
            return Convert.ToInt64(await count.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
        }

        public void Dispose()
        {
            Log.Dispose();
            if (_owns)
            {
                TestDatabases.Delete(Database);
            }
        }
    }
}
