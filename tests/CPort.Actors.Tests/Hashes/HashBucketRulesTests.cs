using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CsCheck;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

public class HashBucketRulesTests
{
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);
    private static readonly ContentHash Hash = Sha256(1);

    private static HashVerdict Verdict(HashBucket state) => HashBucketRules.VerdictOf(state, Hash);

    [Fact]
    public void A_sighting_is_recorded_once()
    {
        var (state, first) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1)), (Hash, Item(1)), (Hash, Item(2))));
        Assert.Equal([1, 1], first!.Sightings.Select(s => s.Rows.Length));
        Assert.Equal(2, Verdict(state).Sightings);

        Assert.Null(state.Do(Sight(Bucket, (Hash, Item(2)), (Hash, Item(1)))).Event);
    }

    [Fact]
    public void An_unknown_hash_has_version_0_and_no_opinions()
    {
        var verdict = Verdict(HashBucket.New(Bucket));
        Assert.Equal(0, verdict.Version);
        Assert.False(verdict.IsKnown);
    }

    [Fact]
    public void The_same_opinion_again_changes_nothing()
    {
        var opinion = Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl));
        var (state, _) = HashBucket.New(Bucket).Do(opinion);
        Assert.Equal(1, Verdict(state).Version);
        Assert.Null(state.Do(opinion).Event);
    }

    [Fact]
    public void A_source_that_says_the_same_later_does_not_raise_the_version()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl)));
        (state, var e) = state.Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl, minute: 5)));
        Assert.NotNull(e);
        Assert.Equal(1, Verdict(state).Version);
        Assert.Equal(Start.AddMinutes(5), Assert.Single(Verdict(state).Opinions).At);
        Assert.Empty(HashBucketRules.Describe(state, new GetHashEntry { Bucket = Bucket, Hash = Hash }).History);
    }

    [Fact]
    public void A_word_that_is_said_no_more_raises_the_version_though_two_others_say_the_same()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("hotline-a", Classification.Baseline)));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-b", Classification.Baseline)));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-c", Classification.Baseline)));
        Assert.Equal(2, Verdict(state).Version);

        // A report may show it as the reason.
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-c", Classification.Baseline, minute: 5), retract: true));
        Assert.Equal(3, Verdict(state).Version);
    }

    [Fact]
    public void A_correction_replaces_the_opinion_and_keeps_history()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl)));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.NotIllegal, Nl, minute: 5)));
        Assert.Equal(2, Verdict(state).Version);
        Assert.Equal(Classification.NotIllegal, Assert.Single(Verdict(state).Opinions).Classification);

        var past = Assert.Single(HashBucketRules.Describe(state, new GetHashEntry { Bucket = Bucket, Hash = Hash }).History);
        Assert.Equal(Classification.National, past.Word.Opinion.Classification);
        Assert.Equal(Start.AddMinutes(5), past.Until);
    }

    [Fact]
    public void An_agency_and_its_list_are_two_sources()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("hotline-nl", Classification.National, Nl)),
            Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline, list: "nl known")));
        Assert.Equal(2, Verdict(state).Opinions.Length);
    }

    [Fact]
    public void A_late_add_cannot_undo_a_retraction()
    {
        var add = Says("hotline-nl", Classification.Baseline, minute: 1);
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, add));
        (state, _) = state.Do(Opine(Bucket, Hash, add with { At = Start.AddMinutes(2) }, retract: true));
        Assert.Equal(2, Verdict(state).Version);
        Assert.False(Verdict(state).IsKnown);

        Assert.Null(state.Do(Opine(Bucket, Hash, add)).Event);
        Assert.Null(state.Do(Opine(Bucket, Hash, add with { At = Start.AddMinutes(2) })).Event);
    }

    [Fact]
    public void A_retraction_that_comes_before_its_opinion_still_holds()
    {
        var add = Says("hotline-nl", Classification.Baseline);
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, add, retract: true));
        (state, _) = state.Do(Opine(Bucket, Hash, add));
        Assert.False(Verdict(state).IsKnown);
        Assert.Equal(0, Verdict(state).Version);
    }

    [Fact]
    public void A_doubtful_opinion_is_kept_and_has_no_effect()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.Doubtful)));
        Assert.Equal(0, Verdict(state).Version);
        Assert.False(Verdict(state).IsKnown);
        Assert.Single(HashBucketRules.Describe(state, new GetHashEntry { Bucket = Bucket, Hash = Hash }).Sources);
    }

    [Fact]
    public void An_untrusted_source_blinds_nobody()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted)),
            Opine(Bucket, Hash, Says("agency-b", Classification.NotIllegal, Nl, TrustLevel.Untrusted)),
            Import(Bucket, [new HashListRow { Hash = Hash, Classification = Classification.NotIllegal, Flags = HashFlags.Trap }], TrustLevel.Untrusted, 9));
        Assert.True(Verdict(state).IsKnown);
    }

    [Fact]
    public void Traps_are_neither_sighted_nor_judged()
    {
        var empty = ContentHash.Parse(HashAlgorithm.Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        var bucket = HashBucketId.For(Tenant.Live, empty);
        var (state, e) = HashBucket.New(bucket).Do(
            Sight(bucket, (empty, Item(1))), Opine(bucket, empty, Says("interpol", Classification.Baseline)),
            Import(bucket, [new HashListRow { Hash = empty, Classification = Classification.Baseline }]));
        Assert.Null(e);
        Assert.True(HashBucketRules.VerdictOf(state, empty).Trap);
    }

    [Theory]
    [InlineData(HashAlgorithm.Md5, "d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData(HashAlgorithm.Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData(HashAlgorithm.Pdq, "0000000000000000000000000000000000000000000000000000000000007fff")]
    [InlineData(HashAlgorithm.Pdq, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8000")]
    public void Hashes_of_nothing_are_traps(HashAlgorithm algorithm, string hex) =>
        Assert.True(TrapValues.IsTrap(ContentHash.Parse(algorithm, hex)));

    [Fact]
    public void A_pdq_with_16_bits_set_here_and_there_is_no_trap() =>
        Assert.False(TrapValues.IsTrap(ContentHash.Parse(HashAlgorithm.Pdq, string.Concat(Enumerable.Range(0, 16).Select(r => (1 << r).ToString("x4"))))));

    [Theory]
    [InlineData("5a5a")] // all rows alike
    [InlineData("f00f0ff0")] // alternating with the complement
    [InlineData("123456789abcdef0")] // four rows, again and again
    public void A_pdq_whose_rows_or_columns_repeat_is_a_trap(string rows)
    {
        var value = ContentHash.Parse(HashAlgorithm.Pdq, string.Concat(Enumerable.Repeat(rows, 64 / rows.Length)));
        Assert.True(TrapValues.IsTrap(value));

        // Turned by 90 degrees: columns for rows.
        var turned = new byte[32];
        for (var bit = 0; bit < 256; bit++)
        {
            var (row, column) = (bit / 16, bit % 16);
            turned[((column * 16) + row) / 8] |= (byte)(((value.Bytes[bit / 8] >> (7 - (bit % 8))) & 1) << (7 - (row % 8)));
        }

        Assert.True(TrapValues.IsTrap(ContentHash.FromBytes(HashAlgorithm.Pdq, turned)));
    }

    [Fact]
    public void Random_pdq_values_and_near_copies_of_them_are_no_traps() => Gen.Byte.Array[32].Sample(
        bytes => !TrapValues.IsTrap(ContentHash.FromBytes(HashAlgorithm.Pdq, bytes)) || bytes.Distinct().Count() <= 8);

    [Fact]
    public void A_tracking_pixel_is_a_trap_under_every_exact_algorithm()
    {
        // The 43 bytes that nginx serves as empty_gif.
        var pixel = Convert.FromHexString("47494638396101000100800100000000ffffff21f90401000001002c00000000010001000002024c01003b");
#pragma warning disable CA5350, CA5351 // made-up senders use them
        Assert.True(TrapValues.IsTrap(ContentHash.FromBytes(HashAlgorithm.Md5, System.Security.Cryptography.MD5.HashData(pixel))));
        Assert.True(TrapValues.IsTrap(ContentHash.FromBytes(HashAlgorithm.Sha1, System.Security.Cryptography.SHA1.HashData(pixel))));
#pragma warning restore CA5350, CA5351
        Assert.True(TrapValues.IsTrap(ContentHash.FromBytes(HashAlgorithm.Sha256, System.Security.Cryptography.SHA256.HashData(pixel))));
        Assert.Equal(TrapValues.TrivialFiles.Length, TrapValues.TrivialFiles.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void An_import_says_what_became_of_each_row_and_the_same_list_again_writes_nothing()
    {
        var rows = Enumerable.Range(1, 50).Select(n => new HashListRow { Hash = Sha256(n), Classification = Classification.Baseline }).ToList();
        var decision = HashBucketRules.Decide(HashBucket.New(Bucket), [Import(Bucket, rows)]);
        Assert.All(decision.Outcomes[0].Rows!, row => Assert.Equal((byte)HashRowOutcome.Added, row));
        Assert.Equal(50 * 32, Assert.Single(Assert.Single(decision.Event!.Words).Packed).Values.Length);
        var state = HashBucketRules.Apply(HashBucket.New(Bucket), decision.Event);

        var again = HashBucketRules.Decide(state, [Import(Bucket, rows, minute: 60)]);
        Assert.Null(again.Event);
        Assert.All(again.Outcomes[0].Rows!, row => Assert.Equal((byte)HashRowOutcome.Unchanged, row));

        rows[0] = rows[0] with { Retract = true };
        rows[1] = rows[1] with { Flags = HashFlags.VictimIdentified };
        var next = HashBucketRules.Decide(state, [Import(Bucket, rows, minute: 60)]);
        Assert.Equal([(byte)HashRowOutcome.Retracted, (byte)HashRowOutcome.Changed], next.Outcomes[0].Rows![..2]);
        Assert.All(next.Outcomes[0].Rows![2..], row => Assert.Equal((byte)HashRowOutcome.Unchanged, row));
        state = HashBucketRules.Apply(state, next.Event!);
        Assert.False(HashBucketRules.VerdictOf(state, rows[0].Hash).IsKnown);
        Assert.True(HashBucketRules.VerdictOf(state, rows[1].Hash).VictimIdentified);
    }

    [Fact]
    public void A_preview_names_exactly_the_items_that_the_change_reaches()
    {
        var opinion = Says("hotline-nl", Classification.Baseline);
        var other = Sha256(2);
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, opinion), Opine(Bucket, other, opinion),
            Sight(Bucket, [.. Enumerable.Range(0, 3_000).Select(n => (Hash, Item(n))), (other, Item(9_000)), (Sha256(3), Item(9_001))]));
        var change = new PreviewChange
        {
            Bucket = Bucket, RequestId = 7,
            Opinions = [.. new[] { Hash, other, Sha256(3) }.Select(h => new OpinionOnHash { Hash = h, Opinion = opinion, Retract = true })],
        };

        var first = HashBucketRules.Preview(state, change);
        Assert.False(first.Last);
        var second = HashBucketRules.Preview(state, change with { FromOpinion = first.NextOpinion, FromSighting = first.NextSighting });
        Assert.True(second.Last);
        Assert.Equal(3_001, first.Items.Concat(second.Items).Distinct().Count());
        Assert.Equal(2, first.Verdicts + second.Verdicts);
    }

    [Fact]
    public void Sightings_are_listed_in_pages()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, [.. Enumerable.Range(0, 450).Select(n => (Hash, Item(n)))]));
        var seen = new List<ItemRef>();
        HashEntryReply page;
        do
        {
            page = HashBucketRules.Describe(state, new GetHashEntry { Bucket = Bucket, Hash = Hash, After = seen.Count == 0 ? null : seen[^1] });
            seen.AddRange(page.Sightings);
        }
        while (page.MoreSightings);
        Assert.Equal(Enumerable.Range(0, 450).Select(n => Item(n)).Order(), seen);
    }

    // Of several algorithms, all of one bucket.
    private static ContentHash Some(int n) => Made(n % 4 == 0 ? HashAlgorithm.Md5 : n % 4 == 1 ? HashAlgorithm.Sha1 : HashAlgorithm.Sha256, n);

    // Random commands over few hashes, agencies and times, so that they meet; an import names a hash twice now and then.
    private static readonly Gen<IHashBucketWrite> Commands = Gen.Select(
        Gen.Int[0, 7], Gen.Int[1, 4], Gen.Int[0, 4], Gen.Int[1, 3], Gen.Int[0, 6], Gen.Enum<Classification>(), Gen.Bool,
        Gen.Enum<TrustLevel>()).Select((kind, hash, report, agency, minute, classification, retract, trust) => kind switch
        {
            0 => (IHashBucketWrite)Sight(Bucket, (Some(hash), Item(report, agency))),
            1 => Opine(Bucket, Some(hash), Says($"agency-{agency}", classification, agency == 1 ? null : Nl, trust, minute), retract),
            2 => new ChangeQuarantine
            {
                Bucket = Bucket, RequestId = 4, Hashes = [Some(hash)], Rows = [report], Release = retract, At = Start.AddMinutes(minute),
                Reason = (QuarantineReason)agency, By = agency == 3 ? AgencyId.Parse("operator") : null,
            },
            3 => SightSaying(
                Bucket, Says($"agency-{agency}", classification, De, trust, minute),
                (Some(hash), Item(report, agency)), (Some(hash + 1), Item(report, agency))),
            4 => Opine(Bucket, Some(hash), Says($"agency-{agency}", classification, De, trust, minute) with { Item = Item(report, agency) }, retract),
            5 => new ChangeTrust
            {
                Bucket = Bucket, RequestId = 5, Agency = AgencyId.Parse(report == 0 ? "interpol" : $"agency-{agency}"), Trust = trust,
                AsOf = 1 + minute,
            },
            _ => Import(
                Bucket,
                [
                    new HashListRow { Hash = Some(hash), Classification = classification, Retract = retract },
                    new HashListRow
                    {
                        Hash = Some(hash + 12), Classification = classification, Flags = (HashFlags)(report & 7), Country = retract ? Nl : null,
                    },
                    new HashListRow { Hash = Some(hash + (12 * (minute & 1))), Classification = (Classification)(1 + (report % 3)) },
                ],
                trust, minute),
        });

    private static readonly Gen<(IHashBucketWrite[] Batch, bool Deliver)[]> Runs = Gen.Select(Commands.Array[1, 5], Gen.Bool).Array[1, 25];

    private static readonly QuarantineLimits Limits = new() { Reports = 4 };

    [Fact]
    public void Versions_only_rise_and_change_when_and_only_when_what_counts_changes() => Runs.Sample(run =>
    {
        var state = HashBucket.New(Bucket);
        foreach (var (batch, _) in run)
        {
            var before = Copy(state);
            if (HashBucketRules.Decide(state, batch, null, Limits, Start).Event is not { } e)
            {
                continue;
            }

            HashBucketRules.Apply(state, e);
            foreach (var row in state.Rows)
            {
                var hash = state.HashOf(row);
                var (old, now) = (HashBucketRules.VerdictOf(before, hash), HashBucketRules.VerdictOf(state, hash));
                Assert.True(now.Version >= old.Version);
                if (now.Version == old.Version)
                {
                    Assert.Equal(Meaning(old), Meaning(now));
                }
                else
                {
                    // Every item that had the hash before is now to be told, but for those that changed it themselves: they are answered.
                    var told = batch.OfType<RecordBucketOpinions>().SelectMany(c => c.Opinions).Select(o => o.Opinion.Item)
                        .Concat(batch.OfType<SightAndLookup>().SelectMany(c => c.Sightings).Select(s => (ItemRef?)s.Item)).ToHashSet();
                    var others = before.RowOf(hash) is var had and >= 0 ? before.Sightings.Of(had).ToArray().Where(s => !told.Contains(s.Item)) : [];
                    Assert.All(others, o => Assert.True(state.Sightings.Of(row).ToArray().Single(s => s.Item == o.Item).Told < now.Version));
                }

                Assert.Equal(state.IsPending(row), state.Sightings.Of(row).ToArray().Any(s => s.Told < now.Version));
                Assert.Equal(now.IsKnown, state.IsKnown(row));
                Assert.Equal(now.Trap, state.IsTrap(row));
            }

            Assert.Equal(state.Rows.Count(state.IsKnown), state.Known);
        }

        // Of a hash without opinions nothing is inherited, trap or not.
        static IEnumerable<object> Meaning(HashVerdict v) =>
            [.. HashWords.Reduce(v.Opinions), (v.VictimIdentified, v.SeriesKnown, v.Trap && !v.Opinions.IsEmpty)];
    });

    [Fact]
    public void Replay_of_the_stored_bytes_and_a_snapshot_with_the_events_after_it_give_the_live_state() => Runs.Sample(run =>
    {
        var state = HashBucket.New(Bucket);
        var replayed = HashBucket.New(Bucket);
        HashBucket? fromSnapshot = null;
        for (var i = 0; i < run.Length; i++)
        {
            var (batch, deliver) = run[i];
            List<VerdictDelivered> delivered = deliver
                ? [.. state.Pending.SelectMany(row => state.Sightings.Of(row).ToArray().Where(s => s.Ordinal > 1).Select(s => new VerdictDelivered
                {
                    ReportId = s.Report, Row = row, Version = state.EntryOf(row).Version, FirstOrdinal = 1, LastOrdinal = 2,
                }))]
                : [];
            if (HashBucketRules.Decide(state, batch, delivered, Limits, Start).Event is { } e)
            {
                e = OverTheWire(e);
                HashBucketRules.Apply(state, e);
                HashBucketRules.Apply(replayed, e);
                _ = fromSnapshot is null ? null : HashBucketRules.Apply(fromSnapshot, e);
            }

            if (i == run.Length / 2)
            {
                fromSnapshot = Copy(state);
            }
        }

        Assert.Equal(Fingerprint(state), Fingerprint(replayed));
        Assert.Equal(Fingerprint(state), Fingerprint(fromSnapshot!));
        Assert.Equal(Fingerprint(state), Fingerprint(Copy(state)));
        Assert.True(state.EntryCount <= state.Count);
    });

    [Fact]
    public void A_decision_only_reads() => Runs.Sample(run =>
    {
        var state = HashBucket.New(Bucket);
        foreach (var (batch, _) in run)
        {
            var before = Fingerprint(state);
            var decision = HashBucketRules.Decide(state, batch, null, Limits, Start);
            Assert.Equal(before, Fingerprint(state));
            if (decision.Event is { } e)
            {
                HashBucketRules.Apply(state, e);
            }
        }
    });

    [Fact]
    public void A_snapshot_whose_parts_do_not_fit_is_refused()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1))), Opine(Bucket, Sha256(2), Says("hotline-nl", Classification.Baseline)));
        var image = state.ToSnapshot();
        var column = Assert.Single(image.Columns);
        foreach (var wrong in new[]
        {
            image with { Columns = [column with { Values = column.Values[..^1] }] }, image with { Columns = [column with { EntryRuns = [0, 9] }] },
            image with { Columns = [column with { Values = [.. Hash.Bytes, .. Hash.Bytes] }] }, image with { Columns = [column with { EntryRuns = [7, 2] }] },
            image with { Columns = [column with { EntryRuns = [] }] }, image with { Columns = [column, column] }, image with { Sighted = [8 * 5, 1] },
            image with { Sighted = [state.RowOf(Hash), 2] }, image with { Sighted = [state.RowOf(Hash) + 1, 1] },
            image with { Quarantined = [new QuarantinedRow { Row = 16, State = new HashQuarantine { Reason = QuarantineReason.Operator, Since = Start } }] },
        })
        {
            Assert.Throws<InvalidDataException>(() => HashBucket.From(wrong));
        }
    }

    [Fact]
    public void A_word_that_comes_with_a_sighting_is_in_the_same_event_and_its_report_is_told_no_more()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(2))));
        (state, var e) = state.Do(SightSaying(
            Bucket, Says("hotline-nl", Classification.National, Nl), (Hash, Item(1)), (Made(HashAlgorithm.Md5, 1), Item(1)), (Hash, Item(1, 2))));
        Assert.Equal(2, Assert.Single(e!.Words).Rows.Length);
        Assert.Equal(Item(1), e.Words[0].Word.Opinion.Item);
        var row = state.RowOf(Hash);
        Assert.Equal((1L, 3), (Verdict(state).Version, Verdict(state).Sightings));
        Assert.Equal([(Item(1), 1L), (Item(1, 2), 1L), (Item(2), 0L)], state.Sightings.Of(row).ToArray().Select(s => (s.Item, s.Told)));
        Assert.Equal(row, Assert.Single(state.Pending));

        // Asked again it writes nothing, and a retraction is one like any other.
        Assert.Null(state.Do(SightSaying(Bucket, Says("hotline-nl", Classification.National, Nl), (Hash, Item(1)))).Event);
        var back = new OpinionOnItem { Opinion = Says("hotline-nl", Classification.National, Nl, minute: 1), Retract = true };
        (state, _) = state.Do(new SightAndLookup
        {
            Bucket = Bucket, RequestId = 1, Sightings = [new HashSighting { Hash = Hash, Item = Item(1), Words = [back] }],
        });
        Assert.Equal((2L, false), (Verdict(state).Version, Verdict(state).IsKnown));
    }

    [Fact]
    public void An_opinion_that_names_an_item_is_no_news_for_it_and_for_all_other_items_it_is()
    {
        var opinion = Says("hotline-nl", Classification.Baseline) with { Item = Item(1, 3) };
        var (state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1, 1)), (Hash, Item(1, 3)), (Hash, Item(2)), (Sha256(2), Item(1))));
        (state, _) = state.Do(
            Opine(Bucket, Hash, opinion), Opine(Bucket, Hash, Says("hotline-de", Classification.National, De) with { Item = Item(5) }),
            Opine(Bucket, Sha256(2), opinion with { Item = Item(1) }));
        Assert.Equal([(Item(1, 1), 0L), (Item(1, 3), 2L), (Item(2), 0L)], state.Sightings.Of(state.RowOf(Hash)).ToArray().Select(s => (s.Item, s.Told)));
        Assert.Equal(state.RowOf(Hash), Assert.Single(state.Pending));
    }

    [Fact]
    public void A_third_agency_that_says_the_same_is_heard_and_changes_nothing_for_anybody()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1))));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-a", Classification.Baseline)), Opine(Bucket, Hash, Says("hotline-b", Classification.Baseline)));
        (state, _) = state.Do(new SightAndLookup { Bucket = Bucket, RequestId = 1, Sightings = [new HashSighting { Hash = Hash, Item = Item(2) }] });
        (state, var e) = state.Do(Opine(Bucket, Hash, Says("hotline-c", Classification.Baseline)));
        Assert.NotNull(e);
        Assert.Equal((2L, 3), (Verdict(state).Version, Verdict(state).Opinions.Length));
        Assert.Equal(2, state.Sightings.Of(state.RowOf(Hash)).ToArray().Single(s => s.Item == Item(2)).Told);
    }

    [Fact]
    public void Nothing_of_one_tenant_gets_into_a_bucket_of_the_other()
    {
        var training = Bucket with { Tenant = Tenant.Training };
        Assert.Equal(Bucket, HashBucketId.For(Tenant.Live, Hash));
        Assert.Equal(training, HashBucketId.For(Tenant.Training, Hash));
        var (live, exercise) = (HashBucket.New(Bucket), HashBucket.New(training));
        exercise.Do(SightSaying(training, Says("interpol", Classification.Baseline, trust: TrustLevel.Trusted), (Hash, Item(1))));
        Assert.Equal(1, exercise.Known);
        Assert.Equal(0, live.Count);

        // The state comes back as the same tenant's.
        Assert.Equal(training, Copy(exercise).Id);
    }

    [Fact]
    public void Hashes_of_several_algorithms_in_one_bucket_keep_apart_also_with_equal_bytes()
    {
        // An MD5 that begins a SHA-1: not the same hash.
        var md5 = Made(HashAlgorithm.Md5, 1);
        var sha1 = ContentHash.FromBytes(HashAlgorithm.Sha1, [.. md5.Bytes, 1, 2, 3, 4]);
        var (state, e) = HashBucket.New(Bucket).Do(Sight(Bucket, (md5, Item(1)), (sha1, Item(2)), (Hash, Item(1)), (Sha256(2), Item(1))));
        Assert.Equal([1, 1, 2], e!.New.Select(n => n.Values.Length / ContentHash.LengthOf(n.Algorithm)));
        state.Do(Opine(Bucket, md5, Says("hotline-nl", Classification.Baseline)));
        Assert.Equal([true, false, false], new[] { md5, sha1, Hash }.Select(h => Verdict(state, h).IsKnown));
        Assert.Equal(4, state.Rows.Select(state.HashOf).Intersect([md5, sha1, Hash, Sha256(2)]).Count());
        Assert.Equal(Fingerprint(state), Fingerprint(Copy(state)));

        // Lists that name a media by several hashes say the same of all: one entry.
        var listed = HashBucket.New(Bucket);
        listed.Do(Import(Bucket, Enumerable.Range(1, 300).Select(n => new HashListRow { Hash = Some(n), Classification = Classification.Baseline })));
        Assert.Equal((300, 300, 1), (listed.Count, listed.Known, listed.EntryCount));
        Assert.Single(Copy(listed).ToSnapshot().Entries);
    }

    [Fact]
    public void An_event_that_does_not_fit_the_state_is_refused()
    {
        var (_, e) = HashBucket.New(Bucket).Do(SightSaying(Bucket, Says("hotline-nl", Classification.Baseline), (Hash, Item(1))));
        foreach (var wrong in new[]
        {
            e! with { New = [] }, e with { New = [e.New[0], e.New[0]] }, e with { New = [e.New[0] with { Values = e.New[0].Values[..^1] }] },
            e with { Words = [e.Words[0] with { Versions = [] }] }, e with { Sightings = [e.Sightings[0] with { Ordinals = [] }] },
        })
        {
            Assert.Throws<InvalidDataException>(() => HashBucketRules.Apply(HashBucket.New(Bucket), wrong));
        }
    }

    [Fact]
    public void A_sighting_costs_little_more_than_its_bytes()
    {
        // Value 32, report 16; the same value again costs its report only.
        static int Bytes(HashesRecorded e)
        {
            using var stream = new MemoryStream();
            CPort.Actors.Serialization.WireModel.Instance.Serialize(stream, e with { At = Start });
            return (int)stream.Length;
        }

        var (state, one) = HashBucket.New(Bucket).Do(Sight(Bucket, (Hash, Item(1))));
        Assert.InRange(Bytes(one!), 48, 100);
        (state, var fifty) = state.Do([.. Enumerable.Range(2, 50).Select(n => Sight(Bucket, (Sha256(n), Item(n))))]);
        Assert.InRange(Bytes(fifty!) / 50, 48, 65);
        (_, var again) = state.Do([.. Enumerable.Range(100, 50).Select(n => Sight(Bucket, (Hash, Item(n))))]);
        Assert.InRange(Bytes(again!) / 50, 16, 32);
    }

    private static HashVerdict Verdict(HashBucket state, ContentHash hash) => HashBucketRules.VerdictOf(state, hash);

    [Fact]
    public void A_source_ends_with_the_same_word_in_whatever_order_its_words_arrive() =>
        Gen.Select(
                Gen.Select(Gen.Int[0, 5], Gen.Enum<Classification>(), Gen.Bool).Array[1, 8], Gen.Int)
            .Sample((words, seed) =>
            {
                var commands = words.Select(w => Opine(Bucket, Hash, Says("hotline-nl", w.Item2, Nl, minute: w.Item1), w.Item3)).ToArray();
                var inOrder = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c).State);
                new Random(seed).Shuffle(commands);
                var shuffled = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c, c).State);
                Assert.Equal(Verdict(inOrder).Opinions.AsEnumerable(), Verdict(shuffled).Opinions);
            });

    [Fact]
    public void Hashes_imported_alike_share_one_entry_also_in_the_snapshot()
    {
        var rows = Enumerable.Range(1, 1_000).Select(n => new HashListRow { Hash = Sha256(n), Classification = Classification.Baseline });
        var (state, _) = HashBucket.New(Bucket).Do(Import(Bucket, rows));
        Assert.Single(state.ToSnapshot().Entries);
        Assert.Equal(1_000, Copy(state).Count);
    }

    [Fact]
    public void Lists_that_come_in_small_parts_and_a_second_list_over_the_first_still_share_entries()
    {
        var state = HashBucket.New(Bucket);
        foreach (var list in new[] { "one", "two" })
        {
            foreach (var part in Enumerable.Range(1, 1_000).Chunk(50))
            {
                var import = Import(Bucket, part.Select(n => new HashListRow { Hash = Sha256(n), Classification = Classification.Baseline }));
                state.Do(import with { Source = import.Source with { List = list } });
            }
        }

        Assert.Equal(1, state.EntryCount);
        Assert.Equal(2, Verdict(state).Opinions.Length);
        Assert.Equal(1_000, state.Known);
    }
}
