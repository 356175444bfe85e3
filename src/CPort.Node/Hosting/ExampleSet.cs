namespace CPort.Node.Hosting;

/// <summary>
/// Whether the database holds the example set and nothing else: marked so when it held no agency yet. Only then, and only on this machine's own address, does a
/// node offer its example people to sign in as (<c>cport demo</c>).
/// </summary>
public sealed class ExampleSet(NodeOptions options)
{
    private const string Mark = "example-set";
    private volatile bool _offered;

    /// <summary>The example people can be chosen.</summary>
    public bool IsOffered => _offered;

    /// <summary>Marks a database that holds no agency but the operators' as the example set's.</summary>
    public static Task MarkAsync(Database database, CancellationToken cancellation) => database.ExecuteAsync(
        "INSERT INTO cport_settings (name, value) VALUES (@name, 'yes') ON CONFLICT (name) DO NOTHING", cancellation, ("name", Mark));

    /// <summary>Offers the example people from now on; false: these are not the example data, or others can reach the node.</summary>
    public async Task<bool> OfferAsync(Database database, CancellationToken cancellation) =>
        _offered = new Uri(options.Http.Url).IsLoopback && await FixedFigures.ReadAsync(database, Mark, cancellation) is not null;
}
