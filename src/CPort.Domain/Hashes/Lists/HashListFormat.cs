namespace CPort.Domain.Hashes.Lists;

/// <summary>A form of hash list files: one row of <see cref="All"/>, from which reading, the command's help and docs/hash-lists.md derive.</summary>
public sealed class HashListFormat
{
    /// <summary>A CSV file, whatever its columns.</summary>
    public static readonly HashListFormat Csv = new(
        "csv", $"CSV with a header naming any of {HashAlgorithms.Names}, classification, country, victim_identified, series, quality",
            "text", "", CsvHashListReader.ReadAsync);

    /// <summary>INTERPOL ICSE's hash export (domain.md 3): <c>MD5;SHA1;PhotoDNA;Image ID;…;Baseline</c>.</summary>
    public static readonly HashListFormat Icse = new(
        "icse", "INTERPOL ICSE's export; its Baseline flag makes a row Baseline", "text", "", CsvHashListReader.ReadAsync);

    public static readonly HashListFormat Vics1 =
        new("vics1", "Project VIC's VICS 1.1 to 1.3; no category ever becomes Baseline", "JSON", "{[", VicsReader.ReadAsync);

    public static readonly HashListFormat Vics2 = new("vics2", "Project VIC's VICS 2.0; no category ever becomes Baseline", "JSON", "{[", VicsReader.ReadAsync);

    /// <summary>Only to insist on: a file is of one generation or the other.</summary>
    public static readonly HashListFormat Vics = new("vics", "VICS of either generation", "JSON", "{[", VicsReader.ReadAsync)
        { Parts = [Vics1, Vics2] };

    /// <summary>NCMEC's hash sharing v2 (domain.md 5.2).</summary>
    public static readonly HashListFormat Ncmec = new(
        "ncmec", "a page of NCMEC's hash sharing v2, or a folder of saved pages (*.xml)", "XML", "<", NcmecReader.ReadAsync)
            { Pages = "*.xml" };

    /// <summary>
    /// In the order of the help; a file is of the first kind that begins as it does, else text. What is insisted on reads what is of its kind.
    /// </summary>
    public static readonly ImmutableArray<HashListFormat> All = [Csv, Icse, Vics, Vics1, Vics2, Ncmec];

    private readonly string _kind;
    private readonly string _starts;

    private HashListFormat(string name, string about, string kind, string starts, Reader read)
    {
        (Name, About, _kind, _starts, ReadAsync) = (name, about, kind, starts, read);
    }

    internal delegate IAsyncEnumerable<HashListRowResult> Reader(Stream file, HashListFormat? expected, CancellationToken cancellation);

    /// <summary>As <c>--format</c> takes it.</summary>
    public string Name { get; }

    /// <summary>What is read, for the help.</summary>
    public string About { get; }

    /// <summary>The files of a folder that make one list; null: a list is one file.</summary>
    public string? Pages { get; private init; }

    /// <summary>All names in one text.</summary>
    public static string Names => string.Join(", ", All.Select(f => f.Name));

    /// <summary>Reads a file of this kind, from its first byte after a byte order mark; insists on the format within the kind.</summary>
    internal Reader ReadAsync { get; }

    private ImmutableArray<HashListFormat> Parts { get; init; } = [];

    /// <summary>The format of this name, in either case; null: there is none.</summary>
    public static HashListFormat? Find(string name) => All.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public override string ToString() => Name;

    /// <summary>The first format of the kind of file that begins with this byte.</summary>
    internal static HashListFormat Of(byte first) => All.FirstOrDefault(f => f._starts.Contains((char)first)) ?? Csv;

    /// <summary>Throws unless a file of this format will do.</summary>
    internal void MustBe(HashListFormat? expected)
    {
        if (expected is not null && expected != this && !expected.Parts.Contains(this))
        {
            throw new HashListFormatException($"Expected {expected}, but the file is {this}.");
        }
    }

    /// <summary>Throws unless a file of this kind can be of the format.</summary>
    internal void MustBeKindOf(HashListFormat? expected)
    {
        if (expected is not null && expected._kind != _kind)
        {
            throw new HashListFormatException($"Expected {expected}, which is {expected._kind}, but the file is {_kind}.");
        }
    }
}
