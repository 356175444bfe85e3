using System.Security.Cryptography;
using CPort.Actors.Audit;
using CPort.Actors.Confidential;
using CPort.Domain.Audit;
using CPort.Domain.Iwol;

namespace CPort.Actors.Iwol;

/// <summary>
/// The key that signs lists and packages, made once for a database and sealed under its ring. Kept apart from the audit log's: who verifies a list does not
/// thereby trust what this one signs of the log.
/// </summary>
public sealed class ListSigning(Database database, KeyRing ring)
{
    private const string Purpose = "list signer 1";

    /// <summary>Signs; set by <see cref="PrepareAsync"/>.</summary>
    public NoteSigner Signer { get; private set; } = null!;

    /// <summary>Makes the table and the key where they are missing, and reads the key. Its name is <paramref name="name"/>, for good.</summary>
    public async Task PrepareAsync(string name, CancellationToken cancellation)
    {
        await DatabaseSchema.ApplyAsync(
            database, "CREATE TABLE IF NOT EXISTS cport_list_signer (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL, signer TEXT NOT NULL);",
            cancellation).ConfigureAwait(false);
        await database.ExecuteAsync(
            "INSERT INTO cport_list_signer (id, name, signer) VALUES (1, @name, @signer) ON CONFLICT (id) DO NOTHING", cancellation, ("name", name),
            ("signer", Convert.ToBase64String(RingSeal.Seal(ring, Purpose, RandomNumberGenerator.GetBytes(NoteSigner.SeedLength), name))))
            .ConfigureAwait(false);
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        await using var select = connection.Statement("SELECT name, signer FROM cport_list_signer WHERE id = 1");
        await using var reader = await select.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await reader.ReadAsync(cancellation).ConfigureAwait(false);
        var held = reader.GetString(0);
        Signer = new NoteSigner(held, RingSeal.Open(ring, Purpose, Convert.FromBase64String(reader.GetString(1)), held)
            ?? throw new SealBrokenException("The key that signs lists (table cport_list_signer) does not open."));
    }
}

/// <summary>A version of the list as a file.</summary>
/// <param name="Version">Which.</param>
/// <param name="Format">In which form.</param>
/// <param name="Bytes">The same for ever.</param>
/// <param name="Domains">How many stand in it.</param>
public sealed record IwolListFile(int Version, IwolFormat Format, byte[] Bytes, int Domains)
{
    /// <summary>SHA-256, hexadecimal.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Bytes));

    /// <summary>For example <c>3.txt</c>.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Version}.{IwolFile.Extension(Format)}");
}

/// <summary>Reads versions of the list, opens the domains' names and writes files. Thread-safe.</summary>
public sealed class IwolPublisher(IwolGateway gateway, ConfidentialSeam seam)
{
    /// <summary>A version, null: the newest; answers null where there is none of that number.</summary>
    public async Task<IwolListFile?> FileAsync(IwolFormat format, int? version, CancellationToken cancellation)
    {
        if (await ReadAsync(new GetIwolList { Version = version }, cancellation).ConfigureAwait(false) is not { } read)
        {
            return null;
        }

        var bytes = IwolFile.Write(format, read.Page.Version, read.Page.At, read.Page.Publication, read.Entries.Select(e => (e.Name, e.Entry.Since)));
        return new IwolListFile(read.Page.Version, format, bytes, read.Entries.Length);
    }

    /// <summary>What came and went since a version; null where there is none of that number.</summary>
    public async Task<(int Version, ImmutableArray<(string Name, bool Listed)> Changes)?> ChangesAsync(int since, CancellationToken cancellation) =>
        await ReadAsync(new GetIwolList { Since = since }, cancellation).ConfigureAwait(false) is { } read
            ? (read.Page.Version, [.. read.Entries.Select(e => (e.Name, e.Entry.Listed)).OrderBy(e => e.Name, StringComparer.Ordinal)]) : null;

    private async Task<(IwolListPage Page, ImmutableArray<(string Name, IwolEntry Entry)> Entries)?> ReadAsync(
        GetIwolList query, CancellationToken cancellation)
    {
        var entries = ImmutableArray.CreateBuilder<(string, IwolEntry)>();
        while (true)
        {
            var page = await gateway.ListAsync(query, cancellation).ConfigureAwait(false);
            if (!page.Found)
            {
                return null;
            }

            entries.AddRange(page.Entries.Select(e => (seam.Open<SecretText>(IwolRules.PlaceOf(e.Key), e.Name).Text, e))

                // As the files have it; what goes off the list is told, whatever it is called.
                .Where(e => !e.e.Listed || ListedName.Fits(e.Text)));
            if (page.Next is not { } next)
            {
                return (page, entries.ToImmutable());
            }

            // The pages of one version, whatever comes meanwhile.
            query = query with { Version = page.Version, Skip = next };
        }
    }
}
