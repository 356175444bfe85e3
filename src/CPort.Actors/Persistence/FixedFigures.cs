using System.Data.Common;

namespace CPort.Actors.Persistence;

/// <summary>A figure that a database is set up with once and for all.</summary>
/// <param name="Name">As recorded, for example <c>shards</c>.</param>
/// <param name="Value">Shown in the error message: never a secret. Of the master key, its id.</param>
/// <param name="Advice">What to do when it differs; appended to the message.</param>
public sealed record FixedFigure(string Name, string Value, string? Advice = null);

/// <summary>This node is not to work on this database. The message names every figure with the stored and the configured value.</summary>
public sealed class FixedFiguresException(string message) : Exception(message);

/// <summary>The record of what a database was set up with (table <c>cport_settings</c>).</summary>
public static class FixedFigures
{
    /// <summary>
    /// Records figures that the database does not know yet and compares the others; throws <see cref="FixedFiguresException"/> when one differs. Several nodes
    /// may call it at once. The tables must exist (<see cref="DatabaseSchema"/>).
    /// </summary>
    public static async Task VerifyOrRecordAsync(Database database, IEnumerable<FixedFigure> figures, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        var wrong = new List<string>();
        foreach (var figure in figures)
        {
            await using (var insert = connection.Statement(
                "INSERT INTO cport_settings(name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING",
                ("name", figure.Name), ("value", figure.Value)))
            {
                await insert.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }

            var stored = await ReadAsync(connection, figure.Name, cancellation).ConfigureAwait(false);
            if (stored != figure.Value)
            {
                wrong.Add($"{figure.Name}: the database was set up with '{stored}', this node is configured with '{figure.Value}'."
                    + (figure.Advice is null ? "" : " " + figure.Advice));
            }
        }

        if (wrong.Count > 0)
        {
            throw new FixedFiguresException($"This node does not fit the database ({database}) and will not start. {string.Join(' ', wrong)}");
        }
    }

    /// <summary>A recorded figure, or null.</summary>
    public static async Task<string?> ReadAsync(Database database, string name, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation).ConfigureAwait(false);
        return await ReadAsync(connection, name, cancellation).ConfigureAwait(false);
    }

    private static async Task<string?> ReadAsync(DbConnection connection, string name, CancellationToken cancellation)
    {
        await using var select = connection.Statement("SELECT value FROM cport_settings WHERE name = @name", ("name", name));
        return await select.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string;
    }
}
