using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using CsCheck;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

public sealed class AccessTableTests
{
    /// <summary>Reported by a hotline of FR, assigned to NL (hotline-nl has it), hosted in DE.</summary>
    private static readonly ItemRelationFacts Item =
        new(AgencyId.Parse("hotline-fr"), NL, HotlineNl, DE, IsOrphan: false, Tenant.Live, IsIllegal: true);

    private static readonly ItemRelationFacts Orphan = Item with { AssignedCountry = null, AssignedHotline = null, IsOrphan = true, IsIllegal = false };

    private static Caller Of(AgencyKind kind, Roles roles, string agency = "some-agency", params Country[] countries) =>
        new() { Agency = AgencyId.Parse(agency), Kind = kind, Roles = roles, KeyId = "k", Countries = [.. countries], Purpose = "case 1" };

    private static readonly Caller Reporter = Of(AgencyKind.Hotline, Roles.Machine, "hotline-fr", FR);
    private static readonly Caller Assignee = Of(AgencyKind.Hotline, Roles.Analyst, "hotline-nl", NL);
    private static readonly Caller Colleague = Of(AgencyKind.Hotline, Roles.Analyst, "hotline-nl-2", NL);
    private static readonly Caller Host = Of(AgencyKind.Hotline, Roles.Analyst, "hotline-de", DE);
    private static readonly Caller Mandated = Of(AgencyKind.Hotline, Roles.Analyst, "hotline-us", Country.Parse("US")) with { HoldsOrphanMandate = true };
    private static readonly Caller Interpol = Of(AgencyKind.Interpol, Roles.Officer);

    private static readonly ItemRelationFacts Escalated = Orphan with { EscalatedTo = AgencyId.Parse("some-agency") };

    /// <summary>Was FR's job and hotline-fr2's before.</summary>
    private static readonly ItemRelationFacts Moved =
        Item with { FormerAgencies = AccessTable.SetOf(["hotline-fr2"]), FormerCountries = AccessTable.SetOf(["FR", "SE"]) };

    private static readonly ItemRelationFacts Referred = Item with { ReferredTo = AccessTable.SetOf(["p1"]) };

    private static readonly ItemRelationFacts AskedToLook = Item with { AskedToLook = AccessTable.SetOf(["p1"]) };

    // One letter a field group, in the order Existence State Classification Hosting Url Credentials Memo Hashes ReporterData History Involved:
    // v visible, m masked, - absent. Written out by hand, apart from the table it checks.
    public static TheoryData<string, Caller, ItemRelationFacts, string> Cases => new()
    {
        { "reporting hotline", Reporter, Item, "vvvvvvvvvvv" },
        { "reporting hotline of an orphan", Reporter, Orphan, "vvvvvvvvvvv" },
        { "assigned hotline", Assignee, Item, "vvvvvvvv-v-" },
        { "other hotline of the assigned country", Colleague, Item, "vvvvvvvv-v-" },
        { "hotline of the hosting country", Host, Item, "vvvvv------" },
        { "mandated hotline, orphan", Mandated, Orphan, "vvvvvvvv-v-" },
        { "mandated hotline, no orphan", Mandated, Item, "-----------" },
        { "hotline without mandate, orphan", Mandated with { HoldsOrphanMandate = false }, Orphan, "-----------" },
        { "police of the assigned country", Of(AgencyKind.Police, Roles.Officer, "p1", NL), Item, "vvvvvvvv-vv" },
        { "police of the hosting country", Of(AgencyKind.Police, Roles.Officer, "p1", DE), Item, "vvvvvvvv-vv" },
        { "police of the reporting country", Of(AgencyKind.Police, Roles.Officer, "p1", FR), Item, "-----------" },
        { "police without purpose", Of(AgencyKind.Police, Roles.Officer, "p1", NL) with { Purpose = " " }, Item, "-----------" },
        { "INTERPOL, illegal", Interpol, Item, "vvvvvvvv-vv" },
        { "INTERPOL, orphan", Interpol, Orphan, "vvvvvvvv-vv" },
        { "INTERPOL, neither", Interpol, Item with { IsIllegal = false }, "-----------" },
        { "INTERPOL, escalated orphan", Interpol, Escalated, "vvvvvvvv-vv" },
        { "police to whom an orphan went", Of(AgencyKind.Police, Roles.Officer), Escalated, "vvvvvvvv-vv" },
        { "police to whom an orphan went, without purpose", Of(AgencyKind.Police, Roles.Officer) with { Purpose = null }, Escalated, "-----------" },
        { "police to whom another orphan went", Of(AgencyKind.Police, Roles.Officer, "p1"), Escalated, "-----------" },
        { "police of elsewhere that it was referred to", Of(AgencyKind.Police, Roles.Officer, "p1", FR), Referred, "vvvvvvvv-vv" },
        { "the same without purpose", Of(AgencyKind.Police, Roles.Officer, "p1", FR) with { Purpose = null }, Referred, "-----------" },
        { "police of elsewhere that it was not referred to", Of(AgencyKind.Police, Roles.Officer, "p2", FR), Referred, "-----------" },
        { "police asked for a second look", Of(AgencyKind.Police, Roles.Officer, "p1", FR), AskedToLook, "vv-vvv-----" },
        { "hotline asked for a second look, by a machine", Of(AgencyKind.Hotline, Roles.Machine, "p1"), AskedToLook, "-----------" },
        { "hotline not asked for a second look", Of(AgencyKind.Hotline, Roles.Analyst, "p2"), AskedToLook, "-----------" },
        { "a hotline of that name", Of(AgencyKind.Hotline, Roles.Analyst, "p1"), Referred, "-----------" },
        { "hotline that had it", Of(AgencyKind.Hotline, Roles.Analyst, "hotline-fr2"), Moved, "vvm--------" },
        { "hotline of a country that had it", Of(AgencyKind.Hotline, Roles.Machine, "hotline-se", Country.Parse("SE")), Moved, "vvm--------" },
        { "police of a country that had it", Of(AgencyKind.Police, Roles.Officer, "p1", FR), Moved, "vvm--------" },
        { "police of a country that had it, without purpose", Of(AgencyKind.Police, Roles.Officer, "p1", FR) with { Purpose = null }, Moved, "-----------" },
        { "auditor of a hotline that had it", Of(AgencyKind.Hotline, Roles.Auditor, "hotline-fr2"), Moved, "-----------" },
        { "operator", Of(AgencyKind.Operator, Roles.Operator), Item, "vv---------" },
        { "operator's auditor", Of(AgencyKind.Operator, Roles.Auditor), Item, "vv-------m-" },
        { "assigned hotline's auditor", Of(AgencyKind.Hotline, Roles.Auditor, "hotline-nl", NL), Item, "vv-------m-" },
        { "auditor of a hotline elsewhere", Of(AgencyKind.Hotline, Roles.Auditor, "hotline-us"), Item, "-----------" },
        { "analyst who is auditor too", Assignee with { Roles = Roles.Analyst | Roles.Auditor }, Item, "vvvvvvvv-v-" },
        { "supervisory authority", Of(AgencyKind.SupervisoryAuthority, Roles.Auditor, "sa", NL), Item, "vvv------m-" },
        { "supervisory authority elsewhere", Of(AgencyKind.SupervisoryAuthority, Roles.Auditor, "sa", FR), Item, "-----------" },
        { "provider", Of(AgencyKind.Provider, Roles.Machine, "provider", NL, DE), Item, "-----------" },
        { "hotline of nowhere", Of(AgencyKind.Hotline, Roles.Analyst), Item, "-----------" },
        { "reporter's key without a role", Reporter with { Roles = Roles.None }, Item, "-----------" },
        { "assigned hotline whose membership has ended", Assignee with { Countries = [] }, Item, "-----------" },
        { "training key, live item", Assignee with { Tenant = Tenant.Training }, Item, "-----------" },
        { "live key, training item", Reporter, Item with { Tenant = Tenant.Training }, "-----------" },
        { "training key, training item", Reporter with { Tenant = Tenant.Training }, Item with { Tenant = Tenant.Training }, "vvvvvvvvvvv" },
        { "CPort itself", Caller.System, Item, "-----------" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_caller_sees_what_its_relation_shows_and_nothing_else(string who, Caller caller, ItemRelationFacts item, string expected)
    {
        var access = AccessTable.For(caller, item);
        var seen = string.Concat(Enum.GetValues<FieldGroup>().Select(f => access[f] switch { Visibility.Visible => 'v', Visibility.Masked => 'm', _ => '-' }));
        Assert.True(expected == seen, $"{who}: expected {expected}, got {seen}");
        Assert.Equal(expected[0] == 'v', access.Exists);
    }

    [Fact]
    public void Every_relation_of_the_table_is_checked_above()
    {
        var held = Cases.Select(c => AccessTable.RelationsOf((Caller)c[1], (ItemRelationFacts)c[2])).Aggregate((a, b) => a | b);
        Assert.All(AccessTable.Relations, r => Assert.True(held.HasFlag(r), r.ToString()));
        Assert.Equal(Enum.GetValues<ItemRelations>().Where(r => r is not (ItemRelations.None or ItemRelations.System)), AccessTable.Relations.Order());
    }

    private static readonly Gen<Country?> AnyCountry = Gen.OneOfConst<Country?>(null, NL, DE, FR);
    private static readonly Gen<AgencyId> AnyAgency = Gen.Int[1, 4].Select(i => AgencyId.Parse($"a{i}"));

    private static readonly Gen<ItemRelationFacts> AnyItem =
        Gen.Select(AnyAgency, AnyCountry, Gen.Select(Gen.Bool, AnyAgency), AnyCountry, Gen.Bool, Gen.Bool,
            Gen.Select(Gen.Bool, AnyAgency, AnyAgency.Array[0, 2], AnyCountry.Array[0, 2], AnyAgency.Array[0, 1]))
            .Select((reporting, assigned, by, hosting, orphan, training, rest) =>
            new ItemRelationFacts(reporting, assigned, by.Item1 ? by.Item2 : null, hosting, orphan, training ? Tenant.Training : Tenant.Live, rest.Item1,
                orphan ? rest.Item2 : null, AccessTable.SetOf(rest.Item3.Select(a => a.Value)),
                AccessTable.SetOf(rest.Item4.OfType<Country>().Select(c => c.Code)), AccessTable.SetOf(rest.Item5.Select(a => a.Value))));

    private static readonly Gen<Caller> AnyCaller =
        Gen.Select(AnyAgency, Gen.Int[1, 7], Gen.Int[0, 31], Gen.OneOfConst(NL, DE, FR).Array[0, 2], Gen.Bool, Gen.Bool, Gen.Bool)
            .Select((agency, kind, roles, countries, mandate, training, purpose) =>
            new Caller
            {
                Agency = agency, Kind = (AgencyKind)kind, Roles = (Roles)roles, KeyId = "k", Countries = [.. countries.Distinct()],
                    HoldsOrphanMandate = mandate,
                Tenant = training ? Tenant.Training : Tenant.Live, Purpose = purpose ? "case 1" : null,
            });

    [Fact]
    public void No_caller_without_a_relation_sees_or_changes_anything() =>
        Gen.Select(AnyCaller, AnyItem).Sample((caller, item) =>
        {
            // Said again in plain words, independent of the table: no tie of agency, country, mandate or office.
            var country = caller.Countries.Any(c => c == item.AssignedCountry || c == item.HostingCountry);
            var formerly = AccessTable.IsIn(item.FormerAgencies, caller.Agency.Value)
                || caller.Countries.Any(c => AccessTable.IsIn(item.FormerCountries, c.Code));
            var escalated = item.IsOrphan && item.EscalatedTo == caller.Agency;
            var tied = caller.Tenant == item.Tenant && caller.Roles != Roles.None && caller.Kind switch
            {
                AgencyKind.Hotline => caller.Agency == item.ReportingHotline || country || formerly || (caller.HoldsOrphanMandate && item.IsOrphan),
                AgencyKind.Police => country || formerly || escalated || AccessTable.IsIn(item.ReferredTo, caller.Agency.Value),
                AgencyKind.SupervisoryAuthority => country,
                AgencyKind.Interpol => item.IsIllegal || item.IsOrphan || formerly || AccessTable.IsIn(item.ReferredTo, caller.Agency.Value),
                AgencyKind.Operator => true,
                _ => false,
            };
            var access = AccessTable.For(caller, item);
            var writes = Enum.GetValues<ItemWrite>().Where(w => AccessTable.MayWrite(caller, item, w)).ToList();
            if (!tied)
            {
                Assert.All(Enum.GetValues<FieldGroup>(), f => Assert.Equal(Visibility.Absent, access[f]));
                Assert.True(caller.Kind == AgencyKind.System ? writes.All(w => w == ItemWrite.Automatic) : writes.Count == 0);
            }

            // Whatever is shown, the item's existence is shown with it; and nobody changes what it cannot see.
            Assert.Equal(access.Exists, Enum.GetValues<FieldGroup>().Any(f => access[f] != Visibility.Absent));
            Assert.True(access.Exists || writes.Count == 0 || caller.Kind == AgencyKind.System);
        }, iter: 20_000);

    [Fact]
    public void Operators_auditors_and_supervisors_never_see_anything_confidential() =>
        Gen.Select(AnyCaller, AnyItem).Where((c, _) => c.Kind is AgencyKind.Operator or AgencyKind.SupervisoryAuthority || c.Roles == Roles.Auditor)
            .Sample((caller, item) =>
        {
            var access = AccessTable.For(caller, item);
            FieldGroup[] confidential = [FieldGroup.Url, FieldGroup.Credentials, FieldGroup.Memo, FieldGroup.Hashes, FieldGroup.ReporterData,
                FieldGroup.Involved];
            Assert.All(confidential, f => Assert.Equal(Visibility.Absent, access[f]));
            Assert.DoesNotContain(Enum.GetValues<ItemWrite>(), w => AccessTable.MayWrite(caller, item, w));
        }, iter: 5_000);

    [Fact]
    public void Only_the_reporting_hotline_sees_the_reporters_data() =>
        Gen.Select(AnyCaller, AnyItem).Sample((caller, item) =>
            !AccessTable.For(caller, item).Sees(FieldGroup.ReporterData)
                || (caller.Kind == AgencyKind.Hotline && caller.Agency == item.ReportingHotline), iter: 5_000);

    [Fact]
    public void Only_police_INTERPOL_and_who_said_it_see_who_is_involved() =>
        Gen.Select(AnyCaller, AnyItem).Sample((caller, item) =>
            !AccessTable.For(caller, item).Sees(FieldGroup.Involved)
                || caller.Kind is AgencyKind.Police or AgencyKind.Interpol || caller.Agency == item.ReportingHotline, iter: 5_000);

    [Fact]
    public void Only_a_hotline_of_the_assigned_country_assesses_and_acts_and_of_orphans_whom_they_went_to() =>
        Gen.Select(AnyCaller, AnyItem).Sample((caller, item) =>
        {
            ItemWrite[] rule4 = [ItemWrite.Assign, ItemWrite.Claim, ItemWrite.Release, ItemWrite.Assess, ItemWrite.Act, ItemWrite.SetReference];
            if (item.IsOrphan && item.EscalatedTo == caller.Agency && caller.Kind is AgencyKind.Police or AgencyKind.Interpol)
            {
                return;
            }

            // Of what is nobody's job yet the reporter says that police knows or that it is gone.
            if (item.AssignedCountry is null && !item.IsOrphan && caller.Agency == item.ReportingHotline)
            {
                rule4 = [.. rule4.Where(w => w != ItemWrite.Act)];
            }

            if (rule4.Any(w => AccessTable.MayWrite(caller, item, w)))
            {
                Assert.True(caller.Kind == AgencyKind.Hotline && item.AssignedCountry is { } c && caller.WorksFor(c)
                    && caller.Is(Roles.Analyst | Roles.Machine));
                Assert.Equal(caller.Tenant, item.Tenant);
            }
        }, iter: 10_000);

    [Fact]
    public void Each_writer_may_do_its_part_and_no_more()
    {
        var unclaimed = Item with { AssignedHotline = null };
        ItemWrite[] job = [ItemWrite.Claim, ItemWrite.Release, ItemWrite.Assess, ItemWrite.Act, ItemWrite.UpdateHosting, ItemWrite.MoveToCountry,
            ItemWrite.SetReference];
        ItemWrite[] own = [ItemWrite.Amend, ItemWrite.Withdraw, ItemWrite.AddItems];
        Assert.All(own, w => Assert.True(AccessTable.MayWrite(Reporter, Item, w)));
        Assert.All(job, w => Assert.False(AccessTable.MayWrite(Reporter, Item, w)));
        Assert.True(AccessTable.MayWrite(Reporter, Item, ItemWrite.MarkUrgent));
        Assert.True(AccessTable.MayWrite(Reporter, unclaimed with { AssignedCountry = null }, ItemWrite.UpdateHosting));
        Assert.False(AccessTable.MayWrite(Reporter, Orphan, ItemWrite.UpdateHosting));
        Assert.DoesNotContain(Enum.GetValues<ItemWrite>(), w => AccessTable.MayWrite(Reporter with { Roles = Roles.Auditor }, Item, w));

        Assert.All(job, w => Assert.True(AccessTable.MayWrite(Assignee, Item, w)));
        Assert.All(job, w => Assert.True(AccessTable.MayWrite(Assignee with { Roles = Roles.Machine }, Item, w)));
        Assert.All(job, w => Assert.False(AccessTable.MayWrite(Assignee with { Roles = Roles.Auditor }, Item, w)));
        Assert.All(own, w => Assert.False(AccessTable.MayWrite(Assignee, Item, w)));

        Assert.All(job, w => Assert.False(AccessTable.MayWrite(Colleague, Item, w)));
        Assert.All(job, w => Assert.True(AccessTable.MayWrite(Colleague, unclaimed, w)));
        Assert.True(AccessTable.MayWrite(Colleague, Item, ItemWrite.Assign));

        Assert.DoesNotContain(Enum.GetValues<ItemWrite>(), w => AccessTable.MayWrite(Host, Item, w));
        var unrouted = unclaimed with { AssignedCountry = null };
        Assert.True(AccessTable.MayWrite(Reporter, unrouted, ItemWrite.Act));
        Assert.False(AccessTable.MayWrite(Reporter, unrouted, ItemWrite.Assess));
        Assert.All(job, w => Assert.True(AccessTable.MayWrite(Interpol, Orphan with { EscalatedTo = Interpol.Agency }, w)));
        Assert.DoesNotContain(job, w => AccessTable.MayWrite(Interpol, Orphan, w));
        Assert.Equal([ItemWrite.CorrectAssessment], Enum.GetValues<ItemWrite>()
            .Where(w => AccessTable.MayWrite(Of(AgencyKind.Hotline, Roles.Analyst, "hotline-fr2"), Moved, w)));
        Assert.True(AccessTable.MayWrite(Mandated, Orphan, ItemWrite.TakeOrphan));
        Assert.False(AccessTable.MayWrite(Mandated, Orphan, ItemWrite.Assess));
        Assert.False(AccessTable.MayWrite(Mandated with { HoldsOrphanMandate = false }, Orphan, ItemWrite.TakeOrphan));
        Assert.True(AccessTable.MayWrite(Caller.System, Item, ItemWrite.Automatic));
        Assert.False(AccessTable.MayWrite(Assignee, Item, ItemWrite.Automatic));
    }

    [Fact]
    public void A_report_shows_what_any_of_its_items_shows()
    {
        var both = AccessTable.For(Host, Item).Or(AccessTable.For(Host, Item with { AssignedCountry = DE }));
        Assert.True(both.Sees(FieldGroup.Credentials));
        Assert.False(both.Sees(FieldGroup.ReporterData));
        Assert.Equal(ItemAccess.None, ItemAccess.None.Or(AccessTable.For(Mandated, Item)));
    }

    [Fact]
    public void The_page_in_docs_says_what_the_table_says()
    {
        var path = Repository.PathOf("docs", "access.md");
        if (Environment.GetEnvironmentVariable("CPORT_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, AccessTable.RenderMarkdown());
        }

        Assert.True(File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == AccessTable.RenderMarkdown(),
            "docs/access.md differs from AccessTable; run this test with CPORT_UPDATE_DOCS=1 and commit the file.");
    }
}
