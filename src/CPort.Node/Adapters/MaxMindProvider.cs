using System.Net;
using CPort.Actors.Routing;
using CPort.Domain.CodeLists;
using CPort.Domain.Routing;
using MaxMind.Db;

namespace CPort.Node.Adapters;

/// <summary>
/// Looks addresses up in mmdb files: one with countries (GeoLite2/GeoIP2 Country, City or Enterprise, or files with a plain <c>country_code</c>) and, if given,
/// one with networks (ASN or ISP). The registered country of a network is not taken for a location. Thread-safe; dispose at the end.
/// </summary>
public sealed class MaxMindProvider : ITraceProvider, IDisposable
{
    /// <summary>Country look-ups of hosting addresses are mostly right, and wrong for networks that are leased across borders.</summary>
    private const int CountryConfidence = 75;

    private readonly Reader? _countries;
    private readonly Reader? _networks;

    /// <summary>
    /// Opens the files (memory-mapped). Throws <see cref="IOException"/> when one cannot be read, <see cref="FormatException"/> when one is no mmdb.
    /// </summary>
    public MaxMindProvider(string? countryFile, string? networkFile = null)
    {
        if (countryFile is null && networkFile is null)
        {
            throw new ArgumentException("A country file or a network file is needed.", nameof(countryFile));
        }

        _countries = Open(countryFile);
        try
        {
            _networks = Open(networkFile);
        }
        catch
        {
            _countries?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name => "maxmind";

    /// <inheritdoc/>
    public ValueTask<TraceAnswer> TraceAsync(TraceQuestion question, CancellationToken cancellationToken)
    {
        if (question.Subject == TraceSubject.Host || question.Address is not { } address)
        {
            return ValueTask.FromResult<TraceAnswer>(TraceAnswer.NotKnown.Instance);
        }

        var place = Find(_countries, address);
        var network = Find(_networks, address);
        var known = Country.TryParse(Text(Part(place, "country"), "iso_code") ?? Text(place, "country_code") ?? Text(place, "country"), out var country);
        var traits = Part(place, "traits");
        var found = new TraceAnswer.Found
        {
            Source = HostingSource.MaxMind,
            Country = known ? country : null,
            Confidence = known ? CountryConfidence : 0,
            Isp = Text(network, "isp") ?? Text(traits, "isp"),
            AutonomousSystemNumber = Number(network, "autonomous_system_number") ?? Number(traits, "autonomous_system_number"),
            OrganizationName = Text(network, "organization") ?? Text(network, "autonomous_system_organization")
                ?? Text(traits, "organization") ?? Text(traits, "autonomous_system_organization"),
        };
        return ValueTask.FromResult<TraceAnswer>(
            !known && found is { Isp: null, AutonomousSystemNumber: null, OrganizationName: null } ? TraceAnswer.NotKnown.Instance : found);
    }

    public void Dispose()
    {
        _countries?.Dispose();
        _networks?.Dispose();
    }

    private static Reader? Open(string? path)
    {
        try
        {
            return path is null ? null : new Reader(path, FileAccessMode.MemoryMapped);
        }
        catch (InvalidDatabaseException e)
        {
            throw new FormatException($"{path} is not an mmdb file.", e);
        }
    }

    private static Dictionary<string, object>? Find(Reader? reader, IPAddress address) => reader is null
        || (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && reader.Metadata.IPVersion == 4)
            ? null
            : reader.Find<Dictionary<string, object>>(address);

    private static Dictionary<string, object>? Part(Dictionary<string, object>? record, string key) =>
        record is not null && record.TryGetValue(key, out var value) ? value as Dictionary<string, object> : null;

    private static string? Text(Dictionary<string, object>? record, string key) =>
        record is not null && record.TryGetValue(key, out var value) && value is string { Length: > 0 } text ? text : null;

    private static uint? Number(Dictionary<string, object>? record, string key) =>
        record is not null && record.TryGetValue(key, out var value) && value is IConvertible and not string
            && Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture) is >= 0 and <= uint.MaxValue and var number ? (uint)number : null;
}
