using System.Reflection;

namespace CPort.Domain.Iwol;

/// <summary>What holds for every verb about domains of the list; each verb has a file in <c>Verbs</c>. Pure.</summary>
public static class IwolRules
{
    /// <summary>The key of a registrable domain.</summary>
    public static IwolKey KeyOf(ConfidentialSeam seam, Tenant tenant, string domain) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(seam.Keyed("iwol-1", Encoding.UTF8.GetBytes($"{(int)tenant}\0{domain}"))));

    /// <summary>For which the domain's name (0) and words are sealed.</summary>
    public static SealedPlace PlaceOf(IwolKey key, int line = 0) => new(new ReportId(key.Value), SealedField.IwolText, line);

    /// <summary>The place of an agency's reference: an attestation takes the place of that agency's earlier one.</summary>
    internal const int ReferenceLine = -1;

    /// <summary>Decides a command whose confidential parts are sealed already.</summary>
    public static IwolDecision Decide(IwolCandidate candidate, IIwolCommand command, IwolEnvironment environment)
    {
        var caller = command.Context.Caller;
        if (candidate.Exists && caller.Tenant != candidate.Tenant)
        {
            return Rejected(candidate, command, IwolRejection.NotFound, NoSuch);
        }

        return candidate.Receipts.Of((caller.Agency, command.Context.CommandId)) is not { } receipt ? command.Decide(candidate, environment)
            : receipt.Command == NameOf(command) && command.Context.IsSameRequest(receipt.Digest) ? new([], receipt with { Replayed = true })
            : Rejected(candidate, command, IwolRejection.CommandIdInUse, "This command id was used for another command, or with other content.");
    }

    public static IwolCandidate Apply(IwolCandidate candidate, IIwolEvent e)
    {
        var next = e.Apply(candidate);
        return next with
        {
            Version = candidate.Version + 1, ChangedAt = e.Meta.OccurredAt,
            Receipts = e.Receipt is { } receipt
                ? next.Receipts.With((e.Meta.Agency, e.Meta.CommandId), receipt, IwolCandidate.RememberedCommands) : next.Receipts,
        };
    }

    /// <summary>Police (with a purpose) and INTERPOL see every candidate; a hotline those for which it named an item.</summary>
    public static bool IsSeenBy(IwolCandidate candidate, Caller caller) => candidate.Exists && caller.Tenant == candidate.Tenant
        && (AccessTable.AsksForItself(caller) || (caller.Kind == AgencyKind.Hotline && candidate.Evidence.Any(e => e.By == caller.Agency)));

    /// <summary>
    /// Enough officers of different countries and agencies agree by what they have seen lately, and none of those who looked does not: a no stands until its
    /// agency replaces it, or, when that one speaks for its country no more, the country's police of today.
    /// </summary>
    public static bool IsDecidable(IwolCandidate candidate, IwolEnvironment environment)
    {
        var fresh = candidate.Attestations.Where(a =>
            a.SeenAt >= environment.Now.AddDays(-IwolLimits.SeenDays) && StillSpeaks(a, environment)).ToList();
        return candidate.Attestations.All(a => a.Agrees) && fresh.Select(a => a.Agency).Distinct().Count() >= environment.Policy.Agencies
            && fresh.Select(a => a.Country).OfType<Country>().Distinct().Count() >= environment.Policy.Countries;
    }

    /// <summary>Its agency takes part still, and works today for the country it spoke for.</summary>
    internal static bool StillSpeaks(IwolAttestation word, IwolEnvironment environment) => environment.Members.IsPoliceOrInterpol(word.Agency)
        && (word.Country is not { } country || environment.Members.CountriesOf(word.Agency).Contains(country));

    /// <summary>The agency has no more to say until INTERPOL has decided on what it said; others have.</summary>
    internal static bool HasSaidEnough(IwolCandidate candidate, AgencyId agency) =>
        candidate.Notes.Reverse().TakeWhile(n => n.Kind is IwolNoteKind.RemovalProposed or IwolNoteKind.Appealed).Count(n => n.Agency == agency)
            >= IwolLimits.NotesOfAgency;

    /// <summary>
    /// What was found is told to agencies that have said themselves what they found, and to INTERPOL once it can decide; to all others there are none.
    /// </summary>
    public static bool SeesAttestations(IwolCandidate candidate, Caller caller, IwolEnvironment environment) =>
        AccessTable.AsksForItself(caller) && (candidate.Attestations.Any(a => a.Agency == caller.Agency)
            || (caller.Kind == AgencyKind.Interpol && IsDecidable(candidate, environment)) || candidate.State is IwolState.Listed or IwolState.Removed);

    /// <summary>Whether enough have said what they found is told to those alone who have, and to INTERPOL, which waits for it.</summary>
    private static bool SeesHowMany(IwolCandidate candidate, Caller caller, IwolEnvironment environment) =>
        SeesAttestations(candidate, caller, environment) || (caller.Kind == AgencyKind.Interpol && AccessTable.AsksForItself(caller));

    public static IwolPage Page(IwolCandidate candidate, GetIwolCandidate query, ConfidentialSeam seam, IwolEnvironment environment)
    {
        if (!IsSeenBy(candidate, query.Caller))
        {
            return new IwolPage { Key = query.Key };
        }

        var own = candidate.Attestations.FirstOrDefault(a => a.Agency == query.Caller.Agency);
        var words = AccessTable.AsksForItself(query.Caller);
        var blind = !SeesHowMany(candidate, query.Caller, environment);
        ImmutableArray<IwolNote> notes = words ? [.. candidate.Notes.Take(query.Notes ?? candidate.Notes.Length)] : [];
        var room = new TextRoom();
        var texts = room.Newest(notes, n => n.Text, n => seam.Open<SecretText>(PlaceOf(candidate.Key, NoteLine), n.Text!).Text);
        return new IwolPage
        {
            Key = candidate.Key, Found = true, Name = NameOf(candidate, seam), State = candidate.State, ProposedAt = candidate.ProposedAt,
            ChangedAt = candidate.ChangedAt, ReviewBy = candidate.ReviewBy, RemovalProposed = candidate.RemovalProposed, Appealed = candidate.Appealed,
            Blind = blind, MayAttest = Verbs.AttestDomain.MayBeSaid(candidate, query.Caller, environment),
            Decidable = !blind && candidate.State != IwolState.Listed && IsDecidable(candidate, environment),
            Attested = blind ? 0 : candidate.Attestations.Length, ListVersion = candidate.ListVersion,
            Evidence = words ? candidate.Evidence : [.. candidate.Evidence.Where(e => e.By == query.Caller.Agency)],
            Attestations = !SeesAttestations(candidate, query.Caller, environment) ? []
                : [.. candidate.Attestations.Select(a => a with { Reference = null, KeyId = a.Agency == query.Caller.Agency ? a.KeyId : "" })],
            OwnReference = words && own?.Reference is { } reference ? seam.Open<SecretText>(PlaceOf(candidate.Key, ReferenceLine), reference).Text : null,
            Notes = [.. notes.Select(n => n with { Text = null })], Texts = texts,
            Earlier = room.LeftOut == 0 ? null : Enumerable.Range(0, texts.Length).First(at => texts[at].Length > 0),
        };
    }

    /// <summary>The place of lines of words: a command knows not which line it will be.</summary>
    internal const int NoteLine = -2;

    /// <summary>The domain's name, opened.</summary>
    public static string NameOf(IwolCandidate candidate, ConfidentialSeam seam) =>
        seam.Open<SecretText>(PlaceOf(candidate.Key), candidate.Name!).Text;

    /// <summary>Said of what cannot stand in the list.</summary>
    public const string NotListable =
        "The item is at an address, a public suffix or what others have theirs below, a name that resolvers do not know, or where the stop page is.";

    internal const string NoSuch = "There is no such candidate, or it is not for you to see.";

    internal static Sealed? SealNote(ConfidentialSeam seam, IwolKey key, SecretText? text) =>
        text is null ? null : seam.Seal(PlaceOf(key, NoteLine), text);

    /// <summary>The command is of somebody who decides about the list.</summary>
    internal static bool IsInterpol(CommandContext context) => context.Caller is { Kind: AgencyKind.Interpol } && AccessTable.AsksForItself(context.Caller);

    internal static IwolDecision Rejected(IwolCandidate candidate, IIwolCommand command, IwolRejection code, string detail) =>
        new([], new IwolReply { Key = command.Key, Code = code, Detail = detail, State = candidate.State });

    internal static IwolDecision Absent(IwolCandidate candidate, IIwolCommand command) => Rejected(candidate, command, IwolRejection.NotFound, NoSuch);

    internal static IwolDecision NotThere(IwolCandidate candidate, IIwolCommand command, params ReadOnlySpan<IwolState> where)
    {
        var states = string.Join(" or ", where.ToArray());
        return Rejected(candidate, command, IwolRejection.DomainNotThere, $"The domain is {candidate.State}; this is for one that is {states}.");
    }

    /// <summary>Durable events with the answer, which is remembered for who gives command ids.</summary>
    internal static IwolDecision Accepted(IwolCandidate candidate, IIwolCommand command, params IIwolEvent[] events)
    {
        var after = events.Aggregate(candidate, Apply);
        var reply = new IwolReply { Key = command.Key, State = after.State, Command = NameOf(command), Digest = command.Context.Digest };
        if (events.Length > 0 && command.Context.Caller.Kind != AgencyKind.System)
        {
            events[^1] = events[^1].Stamped(events[^1].Meta, reply);
        }

        return new IwolDecision([.. events], reply);
    }

    private static string? NameOf(IIwolCommand command) => command.GetType().GetCustomAttribute<ManifestAttribute>()?.Manifest;
}
