using System.Collections.Immutable;
using Akka.Actor;
using CPort.Actors.Reports;
using CPort.Actors.Tests.Hashes;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CsCheck;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>
/// Several reports and the hash buckets behind them, fed with random words while messages between them are late, doubled, lost and out of order, and reports
/// forget what they only heard. When all is told, what each item decides, shows, and stands in must be what verdicts.md says of the words that stand: read here
/// directly, from a list of all that was said.
/// </summary>
public sealed class WordWorldTests
{
    private static readonly Gen<(int Kind, int Report, int Who, int What, int More)> Step =
        Gen.Select(Gen.Int[0, 31], Gen.Int[0, 2], Gen.Int[0, 7], Gen.Int[0, 11], Gen.Int[0, 11]);

    [Fact]
    public void Whatever_is_said_in_whatever_order_it_is_told_items_end_as_the_words_that_stand_say() =>
        Gen.Select(Step.Array[1, 70], Gen.Int).Sample((steps, seed) =>
        {
            var world = new World(steps[0], new Random(seed));
            foreach (var step in steps)
            {
                world.Do(step);
            }

            world.Settle();
            world.Check();
        }, iter: 1500);

    private sealed class World
    {
        private static readonly Caller BeNl = Be with { Countries = [BE, NL], PrimaryCountry = BE };
        private static readonly Caller[] Callers = [Nl, BeNl, De1, De2, Uk, Interpol, Se, Nl];
        private static readonly Country?[] Hosts = [NL, BE, DE, null, NL, DE];
        private static readonly Classification[] Says = [Classification.Baseline, Classification.National, Classification.NotIllegal];
        private static readonly ActionType[] Actions = [ActionType.NotIllegal, ActionType.Removed, ActionType.ReportedToLea];
        private static readonly TrustLevel[] Trusts = Enum.GetValues<TrustLevel>();
        private static readonly ContentHash Sha1 = Of(HashAlgorithm.Sha1, 3), Md5 = Of(HashAlgorithm.Md5, 4);
        private static readonly ImmutableArray<ContentHash>[] Carried =
            [[Sha256(1)], [Sha256(1), Md5], [Sha256(2), Sha256(1)], [], [Md5, Sha1], [Sha256(2)]];

        private readonly Random _order;
        private readonly ReportScenario[] _reports;
        private readonly VerdictNews[] _news = [new(), new(), new()];
        private readonly object?[] _rounds = new object?[3];
        private readonly Dictionary<HashBucketId, HashBucket> _buckets = [];
        private readonly Dictionary<AgencyId, TrustLevel> _trust = Callers.DistinctBy(c => c.Agency).ToDictionary(c => c.Agency, c => c.Trust);

        /// <summary>What is under way; any of it may arrive next.</summary>
        private readonly List<Action> _underWay = [];

        /// <summary>What buckets have sent or been answered, lost when their node stops.</summary>
        private readonly HashSet<Action> _ofBuckets = [];

        /// <summary>What was said of hashes outside any report.</summary>
        private readonly List<(ContentHash Hash, HashOpinion Opinion, bool Retract)> _said = [];
        private readonly Dictionary<long, Action> _answers = [];
        private DateTimeOffset _now = Start;
        private long _directory;
        private long _fanOut;

        public World((int Kind, int Report, int Who, int What, int More) made, Random order)
        {
            _order = order;
            _reports = [.. Enumerable.Range(0, 3).Select(n => new ReportScenario { Nth = n })];
            foreach (var s in _reports)
            {
                // BE's hotline serves NL too.
                s.Members.Hotlines[NL] = [Nl.Agency, Be.Agency];
                foreach (var (agency, trust) in _trust)
                {
                    s.Members.Trust[agency] = trust;
                }
            }

            Submit(0, Nl, made.What, made.More);
            Submit(1, BeNl, made.Who, made.What);
            Submit(2, De1, made.More, made.Who);
        }

        private static ContentHash Of(HashAlgorithm algorithm, byte fill) =>
            ContentHash.FromBytes(algorithm, Enumerable.Repeat(fill, ContentHash.LengthOf(algorithm)).ToArray());

        private void Submit(int report, Caller by, int a, int b)
        {
            SubmittedItem Item(int x, int y) => Entry(Hosts[x % Hosts.Length]) with
            {
                Hashes = Carried[y % Carried.Length], Assessment = (x + y) % 3 == 0 ? Opinion(Says[x % 3]) : null,
                Actions = (x + y) % 5 == 4 && (x + y) % 3 != 0 ? [Action(ActionType.Removed)] : [],
            };
            Assert.Equal(CommandOutcome.Accepted, _reports[report].Submit(Now(by), Item(a, b), Item(b, a + 1)).Outcome);
        }

        private Caller Now(Caller caller) => caller with { Trust = _trust[caller.Agency] };

        public void Do((int Kind, int Report, int Who, int What, int More) step)
        {
            _now = _now.AddMinutes(1);
            foreach (var report in _reports)
            {
                report.Now = _now;
            }

            var s = _reports[step.Report];
            var by = Now(Callers[step.Who]);
            var item = (step.More % s.Report.Items.Count) + 1;
            var what = Says[step.What % 3];
            switch (step.Kind)
            {
                case 0 or 1 or 2 or 3:
                    // Mostly by who may.
                    s.Assess(Now(s[item].Assignment is { Country: { } job } && step.What > 2
                        ? Callers.First(c => c.Agency == (s[item].Assignment!.Hotline ?? s.Members.HotlinesOf(job)[0])) : by), what, item);
                    break;
                case 4 or 5:
                    s.Object(by, item);
                    break;
                case 6 or 7:
                    s.Correct(by, what, item);
                    break;
                case 8 or 9 or 10 or 11:
                    Say(by, what, step.What, step.More, retract: step.Kind == 11);
                    break;
                case 12 or 13:
                    Believe(by.Agency, Trusts[step.What % Trusts.Length]);
                    break;
                case 14:
                    var to = Hosts[step.What % Hosts.Length] ?? BE;
                    var owner = s[item].Assignment?.Hotline is { } has ? Now(Callers.First(c => c.Agency == has)) : by;
                    s.Host(owner, to, item);
                    s.Move(owner, to, item);
                    break;
                case 15:
                    s.Act(by, Actions[step.What % Actions.Length], item);
                    break;
                case 16:
                    s.Reopen(by, item);
                    s.SeenAgain(by, item);
                    break;
                case 17 when step.What == 0:
                    s.Withdraw(Now(Callers.First(c => c.Agency == s.Report.ReportingHotline)));
                    break;
                case 18 when step.What < 4:
                    // The report's actor starts anew: what it heard and what it asked are forgotten, and
                    // what buckets had sent it before does not outlive it.
                    (_news[step.Report], _rounds[step.Report]) = (new VerdictNews(), null);
                    _underWay.RemoveAll(_ofBuckets.Contains);
                    break;
                case 25 when step.What < 4:
                    // A node stops: its buckets are read from what was written, and what they sent or were answered is lost.
                    foreach (var (id, state) in _buckets.ToArray())
                    {
                        _buckets[id] = HashSamples.Copy(state);
                    }

                    _underWay.RemoveAll(_ofBuckets.Contains);
                    break;
                case 19 or 20 or 21:
                    Tell();
                    break;
                case 22 or 23 or 24:
                    BeginRound(step.Report);
                    break;
                default:
                    Arrive();
                    break;
            }
        }

        /// <summary>A word of a hash outside any report: of the agency, or of a list that it imports.</summary>
        private void Say(Caller by, Classification what, int a, int b, bool retract)
        {
            var hash = ((ContentHash[])[Sha256(1), Sha256(2), Md5, Sha1])[b % 4];
            Country? law = a % 4 == 3 ? DE : by.PrimaryCountry;
            var opinion = new HashOpinion
            {
                Agency = by.Agency, List = a % 3 == 0 ? null : "list", Origin = a % 3 == 2 ? "maker" : null, Classification = what, Country = law,
                Speaks = by.SpeaksFor(law), Trust = by.Trust, At = _now, Basis = OpinionBasis.List,
            };
            _said.Add((hash, opinion, retract));
            _underWay.Add(() => Write(hash, new RecordBucketOpinions
            {
                Bucket = HashBucketId.For(Tenant.Live, hash), RequestId = 1,
                Opinions = [new OpinionOnHash { Hash = hash, Opinion = opinion, Retract = retract }],
            }));
        }

        private void Believe(AgencyId agency, TrustLevel trust)
        {
            _trust[agency] = trust;
            TellTrust(agency, ++_directory);

            foreach (var s in _reports)
            {
                s.Members.Trust[agency] = trust;
                _underWay.Add(() => s.Do(new FollowTrust { ReportId = s.Id, Context = s.Context(Caller.System) }));
            }
        }

        private void TellTrust(AgencyId agency, long asOf)
        {
            var trust = _trust[agency];
            foreach (var id in ((ContentHash[])[Sha256(1), Sha256(2), Md5, Sha1]).Select(h => HashBucketId.For(Tenant.Live, h)).Distinct())
            {
                _underWay.Add(() => Write(id, new ChangeTrust { Bucket = id, RequestId = 1, Agency = agency, Trust = trust, AsOf = asOf }));
            }
        }

        private HashBucket Bucket(HashBucketId id) => _buckets.TryGetValue(id, out var state) ? state : _buckets[id] = HashBucket.New(id);

        private void Write(ContentHash hash, IHashBucketWrite command) => Write(HashBucketId.For(Tenant.Live, hash), command);

        private void Write(HashBucketId id, IHashBucketWrite? command, params VerdictDelivered[] delivered)
        {
            if (HashBucketRules.Decide(Bucket(id), command is null ? [] : [command], delivered).Event is { } e)
            {
                HashBucketRules.Apply(Bucket(id), e);
            }
        }

        private void Arrive()
        {
            if (_underWay.Count > 0)
            {
                var at = _order.Next(_underWay.Count);
                var message = _underWay[at];
                _underWay.RemoveAt(at);
                message();
            }
        }

        /// <summary>Buckets tell what reports have not taken, also what is under way already.</summary>
        private void Tell()
        {
            foreach (var (id, state) in _buckets)
            {
                foreach (var row in state.Pending.ToArray())
                {
                    var version = state.EntryOf(row).Version;
                    var verdict = HashBucketRules.VerdictOf(state, state.HashOf(row));
                    foreach (var untold in state.Sightings.Of(row).ToArray().Where(x => x.Told < version).GroupBy(x => x.Report))
                    {
                        var report = Array.FindIndex(_reports, s => s.Id == untold.Key);
                        var ordinals = untold.Select(x => x.Ordinal).ToArray();
                        var message = new TakeVerdicts
                        {
                            ReportId = untold.Key, FanOutId = ++_fanOut, Items = [.. ordinals.Select(o => new ItemVerdicts { Ordinal = o, Exact = [verdict] })],
                        };
                        _answers[message.FanOutId] = () => Write(id, null, [.. ordinals.Select(o => new VerdictDelivered
                        {
                            ReportId = untold.Key, Row = row, Version = version, FirstOrdinal = o, LastOrdinal = o,
                        })]);
                        Send(() =>
                        {
                            if (_news[report].Add(message, ActorRefs.Nobody))
                            {
                                var news = _news[report];
                                _underWay.Add(() => TakeNews(report, news));
                            }
                        });
                    }
                }
            }
        }

        // As ReportActor does.
        private void TakeNews(int report, VerdictNews news)
        {
            if (_news[report] == news)
            {
                var (verdicts, senders) = news.Take(_reports[report].Report);
                var s = _reports[report];
                Complete(report, new CompleteAutomaticWork { ReportId = s.Id, Context = s.Context(Caller.System), Verdicts = verdicts });
                Answer(senders);
            }
        }

        private void Answer(ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> senders)
        {
            foreach (var (message, _) in senders)
            {
                Send(_answers[message.FanOutId]);
            }
        }

        private void Send(Action message)
        {
            _underWay.Add(message);
            _ofBuckets.Add(message);
        }

        private void Complete(int report, CompleteAutomaticWork work)
        {
            var s = _reports[report];
            var (before, count) = (s.Report, s.Events.Count);
            s.Do(work);
            foreach (var step in s.Events.Skip(count).OfType<AutomaticWorkDone>().SelectMany(e => e.Steps).Where(p => p is { Match: not null, Route: null }))
            {
                CheckNews(before.Item(step.Ordinal)!, s[step.Ordinal]);
            }
        }

        /// <summary>What changes nothing that anybody is shown is not written.</summary>
        private static void CheckNews(ContentItem before, ContentItem after)
        {
            static HashFlags Flags(ContentItem item) => item.Known.Aggregate(HashFlags.None, (all, k) => all | k.Flags);
            static HashSet<(int, HashWord)> Shown(ContentItem item) => item.Inheritance is { } i ? [.. i.PlacedWords(item.Known)] : [];
            Assert.True(!before.Matched || Flags(before) != Flags(after) || !(after.Inheritance?.SaysTheSame(before.Inheritance) ?? before.Inheritance is null)
                || !Shown(before).SetEquals(Shown(after)));
        }

        private void BeginRound(int report)
        {
            var (s, news) = (_reports[report], _news[report]);
            if (_rounds[report] is not null || !(s.Report.HasUnfinishedWork() || news.WantsLookup))
            {
                return;
            }

            var (round, again) = (new object(), news.Lookup());
            _rounds[report] = round;
            var owed = s.Report.Items.Select(i => (Item: i, Words: i.Unpropagated().ToArray()))
                .Where(o => o.Item.NeedsMatch() || o.Words.Length > 0 || again.Contains(o.Item.Ordinal)).ToArray();
            var traced = s.Report.Items.Where(i => i.NeedsTrace()).Select(i => i.Ordinal).ToArray();
            var found = owed.ToDictionary(o => o.Item.Ordinal, _ => new List<HashVerdict>());
            var left = owed.Sum(o => o.Item.Hashes.Length);
            foreach (var (item, words) in owed)
            {
                var place = new ItemRef(s.Id, item.Ordinal);
                foreach (var hash in item.Hashes)
                {
                    _underWay.Add(() =>
                    {
                        Write(hash, new SightAndLookup
                        {
                            Bucket = HashBucketId.For(Tenant.Live, hash), RequestId = 1,
                            Sightings = [new HashSighting { Hash = hash, Item = place, Words = [.. words.Select(w => w.ToWord(place))] }],
                        });
                        found[item.Ordinal].Add(HashBucketRules.VerdictOf(Bucket(HashBucketId.For(Tenant.Live, hash)), hash));
                        if (--left == 0)
                        {
                            _underWay.Add(End);
                        }
                    });
                }
            }

            if (left == 0)
            {
                _underWay.Add(End);
            }

            void End()
            {
                if (_rounds[report] != round)
                {
                    return;
                }

                _rounds[report] = null;
                Complete(report, news.With(s.Report, new CompleteAutomaticWork
                {
                    ReportId = s.Id, Context = s.Context(Caller.System),
                    Traces = [.. traced.Select(o =>
                        new ItemTrace { Ordinal = o, Facts = Facts(Hosts[(o + report) % Hosts.Length], HostingSource.StaticTable) })],
                    Verdicts = [.. owed.Select(o => new ItemVerdicts
                    {
                        Ordinal = o.Item.Ordinal, LookedUp = true, NearSearched = o.Item.NeedsMatch(), Exact = [.. found[o.Item.Ordinal]],
                    })],
                    Propagated = [.. owed.SelectMany(o => o.Words, (o, w) => new AssessmentRef
                    {
                        Ordinal = o.Item.Ordinal, AssessmentId = w.Id, Retracted = w.WithdrawnAt is not null,
                    })],
                }));
                Answer(news.Told(s.Report, failed: false));
            }
        }

        /// <summary>Until nothing is under way and nothing is owed.</summary>
        public void Settle()
        {
            while (_underWay.Count > 0)
            {
                Arrive();
            }

            // A bucket may have moved to a node whose directory was behind: the last it hears is the newest.
            foreach (var agency in _trust.Keys)
            {
                TellTrust(agency, _directory + 1);
            }

            for (var turn = 0; ; turn++)
            {
                while (_underWay.Count > 0)
                {
                    Arrive();
                }

                for (var report = 0; report < _reports.Length; report++)
                {
                    BeginRound(report);
                }

                Tell();
                if (_underWay.Count == 0)
                {
                    return;
                }

                Assert.True(turn < 100, "It never comes to rest.");
            }
        }

        public void Check()
        {
            foreach (var s in _reports)
            {
                Assert.False(s.Report.HasUnfinishedWork());
                foreach (var item in s.Report.Items.Where(i => !i.Withdrawn))
                {
                    Check(s, item);
                }
            }
        }

        private void Check(ReportScenario s, ContentItem item)
        {
            Assert.All(item.Trusts(), t => Assert.Equal(_trust[t.Agency], t.Trust));
            var words = item.Hashes.Select(WordsOn).ToArray();
            ImmutableArray<KnownHash> all = [.. words.Select((w, place) => new KnownHash { Place = place, Version = 1, Words = w })];
            var decision = DecisionTable.Decide(item.Assignment?.Country, item.Hashes, all, [], new InheritanceOptions());
            Assert.True(decision?.SaysTheSame(item.Inheritance) ?? item.Inheritance is null,
                $"{item.Inheritance?.Kind} {item.Inheritance?.Row} {item.Inheritance?.Classification}, "
                + $"not {decision?.Kind} {decision?.Row} {decision?.Classification}: {string.Join(" | ", words.Select(w => string.Join(", ", w)))}"
                + $"; heard {string.Join(" | ", item.Known.Select(k => string.Join(", ", k.Words)))}");
            if (item.Hashes.Length > 0 && item.Hashes.All(h => h.Algorithm == HashAlgorithm.Sha256))
            {
                Assert.Equal(Plainly(item.Assignment?.Country, [.. words.SelectMany(w => w)]), (decision?.Kind, decision?.Row, decision?.Classification));
            }

            if (item.Inheritance is { } shown)
            {
                // What is given as the reason is said, of that hash, and is reason enough.
                var reasons = shown.PlacedWords(item.Known).ToArray();
                Assert.All(reasons, r => Assert.Contains(r.Word, words[r.Place]));
                var alone = DecisionTable.Decide(item.Assignment?.Country, item.Hashes, [.. reasons.GroupBy(r => r.Place)
                    .Select(g => new KnownHash { Place = g.Key, Version = 1, Words = [.. g.Select(r => r.Word)] })], [], new InheritanceOptions());
                Assert.Equal((shown.Kind, shown.Classification), (alone?.Kind, alone?.Classification));
            }

            CheckJudgement(s, item, decision, [.. words.SelectMany(w => w)]);
        }

        /// <summary>verdicts.md 2, and what follows for queues and for INTERPOL.</summary>
        private static void CheckJudgement(ReportScenario s, ContentItem item, InheritanceDecision? decision, HashWord[] words)
        {
            var job = item.Assignment;
            var counted = item.Assessments.Where(a => a.Counts && a.Classification.HasEffect()).ToArray();
            bool OfTheJob(Assessment a) => job is not null && (a.Episode > 0 ? a.Episode == job.Episode
                : job.Episode == 1 && job.Country is not null && a.Country == job.Country && (a.Carried || a.Agency == job.Hotline));
            static bool Believed(IEnumerable<Assessment> said) => said.Where(a => a.Trust != TrustLevel.Untrusted).ToArray() is var heard
                && (heard.Any(a => a.Trust == TrustLevel.Trusted) || heard.Select(a => a.Agency).Distinct().Count() > 1);
            var (local, own) = (counted.LastOrDefault(OfTheJob), counted.Where(OfTheJob).ToArray());
            var said = Believed(counted.Where(a => a.Classification == Classification.Baseline));
            var against = Believed(item.Assessments.Where(a => a.Stands && a.Classification == Classification.NotIllegal));
            var disputed = decision?.Row == 3 || (said && against);
            var believed = said || decision?.Row is 1 or 2 or 3;
            var final = item.FinalAction()?.Type;
            var closed = final is not null;
            var notIllegal = local?.Classification == Classification.NotIllegal || final == ActionType.NotIllegal;
            var inherited = decision?.Kind == InheritanceKind.Inherited ? decision.Classification : null;
            Classification? effective =
                own.Any(a => a.Classification == Classification.Baseline) ? Classification.Baseline
                : believed && notIllegal ? (closed || local?.DespiteBaseline == true ? Classification.NotIllegal : null)
                : believed && !disputed ? Classification.Baseline
                : local is not null ? local.Classification
                : inherited is not null && !disputed ? inherited
                : decision is { Kind: InheritanceKind.Disputed, Row: > 0 } || disputed ? null
                : counted.LastOrDefault(a => a.Episode == 0 && a.Speaks && a.Country == job?.Country && job?.Country is not null
                    && a.Trust != TrustLevel.Untrusted)?.Classification;
            Assert.Equal(effective, item.Effective());

            var contradicted = believed && notIllegal && !own.Any(a => a.Classification == Classification.Baseline);
            Assert.Equal((contradicted, disputed || decision?.Kind == InheritanceKind.Disputed), (item.IsContradicted(), item.IsDisputed()));
            Assert.Equal(job?.Hotline is not null && !closed && effective is null, WorkQueue.Unassessed.Holds(item));
            Assert.Equal(job?.Hotline is not null && !closed && effective is not null, WorkQueue.Unactioned.Holds(item));
            Assert.Equal(contradicted && closed && item.NextOccurrence is null && local?.DespiteBaseline != true, WorkQueue.Contradicted.Holds(item));
            var objected = effective == Classification.Baseline && (decision?.Objected == true || disputed
                || item.Assessments.Any(a => a is { Stands: true, Objection: true, Classification: Classification.NotIllegal }));
            Assert.Equal(objected, WorkQueue.Objections.Holds(item));

            // Of those that say so now, and all of them as long as there are no more than the buckets tell.
            var saying = counted.Where(a => a.Classification == Classification.Baseline).Select(a => a.Agency)
                .Concat(words.Where(w => w.Classification == Classification.Baseline).Select(w => w.Agency)).ToHashSet();
            Assert.Subset(saying, item.BaselineBy().ToHashSet());
            Assert.True(!objected || item.BaselineBy().Any());
            var illegal = effective is Classification.Baseline or Classification.National || item.IsDisputed() || contradicted;
            Assert.Equal(illegal || job is { Orphan: true, Country: null },
                AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, item)).HasFlag(ItemRelations.Interpol));
        }

        /// <summary>verdicts.md 3, row by row, of words on strong hashes.</summary>
        private static (InheritanceKind?, int?, Classification?) Plainly(Country? country, HashWord[] all)
        {
            var heard = all.Where(w => w.Trust != TrustLevel.Untrusted).ToArray();
            HashWord[] Saying(Classification c) => [.. heard.Where(w => w.Classification == c)];
            static bool Believed(HashWord[] words) => words.Any(w => w.Trust == TrustLevel.Trusted)
                || words.Any(a => words.Any(b => a.Agency != b.Agency && (a.Origin ?? a.Agency.Value) != (b.Origin ?? b.Agency.Value)));
            var (baseline, cleared) = (Saying(Classification.Baseline), Saying(Classification.NotIllegal));
            if (Believed(baseline))
            {
                return Believed(cleared) ? (InheritanceKind.Disputed, 3, null)
                    : (InheritanceKind.Inherited, cleared.Length > 0 ? 2 : 1, Classification.Baseline);
            }

            var own = heard.Where(w => country is not null && w.Speaks && w.Law == country).Select(w => w.Classification).ToArray();
            if (own.Length > 0)
            {
                return !own.Contains(Classification.NotIllegal) ? (InheritanceKind.Inherited, 5, own.Min())
                    : own.Distinct().Count() > 1 ? (InheritanceKind.Disputed, 7, null)
                    : (InheritanceKind.Inherited, 6, Classification.NotIllegal);
            }

            var elsewhere = heard.Where(w => w.Law is not null && w.Law != country && w.Classification != Classification.Baseline).ToArray();
            if (baseline.Length > 0)
            {
                return (InheritanceKind.Suggested, elsewhere.Length > 0 ? 10 : 4, Classification.Baseline);
            }

            var named = heard.Where(w => w.Classification != Classification.Baseline && (w.Law is null || w.Law == country))
                .Select(w => w.Classification).ToArray();
            if (named.Contains(Classification.National))
            {
                return (InheritanceKind.Suggested, 9, Classification.National);
            }

            if (elsewhere.Any(w => w.Classification == Classification.National))
            {
                return (InheritanceKind.NationalElsewhere, 8, Classification.National);
            }

            if (named.Length > 0)
            {
                return (InheritanceKind.Suggested, 9, Classification.NotIllegal);
            }

            if (elsewhere.Length > 0)
            {
                return (InheritanceKind.Suggested, 8, Classification.NotIllegal);
            }

            return all.Where(w => w.Trust == TrustLevel.Untrusted && w.Classification.IsIllegal())
                .Select(w => (Classification?)w.Classification).Min() is { } untrusted
                ? (InheritanceKind.Suggested, 0, untrusted) : (null, null, null);
        }

        /// <summary>
        /// What stands of a hash: of each source (agency, list, law) the latest of what it said outside reports and of its last word in each report that was
        /// not withdrawn, with its agency's present trust.
        /// </summary>
        private ImmutableArray<HashWord> WordsOn(ContentHash hash)
        {
            var outside = _said.Where(w => w.Hash == hash)
                .GroupBy(w => (w.Opinion.Agency, w.Opinion.List, w.Opinion.Country)).Select(g => g.Last());
            var inReports = _reports.SelectMany(s => s.Report.Items
                .Where(i => i.Hashes.Contains(hash))
                .SelectMany(i => i.Assessments.Where(a => a.CopyOf is null && a.CorrectedBy is null && a.Classification.HasEffect()))
                .GroupBy(a => (a.Agency, a.Country))
                .Select(g => g.OrderBy(a => a.Sequence).ThenBy(a => a.WithdrawnAt is not null).ThenByDescending(a => a.Classification).Last())
                .Select(a => (hash, Opinion: a.ToWord(new ItemRef(s.Id, 1)).Opinion, Retract: a.WithdrawnAt is not null)));
            return
            [
                .. outside.Concat(inReports).GroupBy(w => (w.Opinion.Agency, w.Opinion.List, w.Opinion.Country))
                    .Select(g => g.OrderBy(w => w is { Retract: false } or { Opinion.Item: null }).ThenBy(w => w.Opinion.At).Last())
                    .Where(w => !w.Retract).Select(w => HashWords.Of(w.Opinion) with { Trust = _trust[w.Opinion.Agency] }).OrderBy(w => w.ToString()),
            ];
        }
    }
}
