using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Confidential;

namespace CPort.Actors.Sessions;

[ProtoContract]
public sealed record StoredProtectionKey
{
    /// <summary>The framework's own form.</summary>
    [ProtoMember(1)] public required string Xml { get; init; }

    public override string ToString() => "StoredProtectionKey(…)";
}

/// <summary>
/// The keys by which the web framework protects its own small secrets (form tokens, the state of a passkey ceremony): one ring for all nodes, in a table,
/// sealed by the database's keys. A key's name stands once: of nodes that make the first one at the same time one does. Thread-safe.
/// </summary>
public sealed class ProtectionKeyStore(Database database, ConfidentialSeam seam)
{
    public static Task EnsureTablesAsync(Database database, CancellationToken cancellation) => DatabaseSchema.ApplyAsync(database, """
        CREATE TABLE IF NOT EXISTS cport_protection_keys (name VARCHAR(100) NOT NULL PRIMARY KEY, sealed_value VARCHAR(16000) NOT NULL,
            slot BIGINT NOT NULL UNIQUE);
        """, cancellation);

    /// <summary>Every key, as the framework wrote it. One that does not open, because somebody changed its row, is left out.</summary>
    public List<string> Read()
    {
        using var connection = database.Open();
        using var command = connection.Statement("SELECT name, sealed_value FROM cport_protection_keys ORDER BY slot");
        using var reader = command.ExecuteReader();
        var keys = new List<string>();
        while (reader.Read())
        {
            try
            {
                keys.Add(seam.Open<StoredProtectionKey>(Place(reader.GetString(0)), new Sealed { Bytes = Convert.FromBase64String(reader.GetString(1)) }).Xml);
            }
            catch (Exception e) when (e is SealBrokenException or FormatException)
            {
                // What it protected is refused, and people sign in again.
            }
        }

        return keys;
    }

    /// <summary>
    /// Keeps a key as number <paramref name="slot"/>, from 1, of the ring; false: another node has made that one, and this one is nothing.
    /// </summary>
    public bool TryAdd(string name, string xml, long slot)
    {
        using var connection = database.Open();
        using var command = connection.Statement(
            "INSERT INTO cport_protection_keys (name, sealed_value, slot) VALUES (@name, @value, @slot) ON CONFLICT DO NOTHING",
            ("name", name), ("slot", slot), ("value", Convert.ToBase64String(seam.Seal(Place(name), new StoredProtectionKey { Xml = xml }).Bytes)));
        return command.ExecuteNonQuery() == 1;
    }

    /// <summary>How many keys there are, opened or not.</summary>
    public long Count()
    {
        using var connection = database.Open();
        using var command = connection.Statement("SELECT COALESCE(MAX(slot), 0) FROM cport_protection_keys");
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static SealedPlace Place(string name) => new(
        new ReportId(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)))), SealedField.ProtectionKey);
}
