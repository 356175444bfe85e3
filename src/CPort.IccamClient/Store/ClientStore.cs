using System.Security.Cryptography;
using System.Text;
using CPort.IccamClient.Wire;
using Microsoft.Data.Sqlite;

namespace CPort.IccamClient.Store;

/// <summary>
/// What the client knows, in one SQLite file: contents and whose items they are, how far news were read, what is to be written, what went wrong. Numbers,
/// states and codes; no URL, memo, reference or name. Every public method is one transaction. Commands of people write beside the process that runs.
/// </summary>
public sealed class ClientStore : IDisposable
{
    private const int Schema = 1;
    private const int BusySeconds = 30;

    private const string Tables = """
        CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS contents (
            content INTEGER PRIMARY KEY, report INTEGER NOT NULL, batch INTEGER NOT NULL, state INTEGER NOT NULL, item TEXT UNIQUE, at TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS contents_open ON contents (state, batch) WHERE state IN (1, 4);
        CREATE TABLE IF NOT EXISTS outbox (
            number INTEGER PRIMARY KEY AUTOINCREMENT, content INTEGER NOT NULL REFERENCES contents, key TEXT NOT NULL, state INTEGER NOT NULL, before INTEGER,
            tries INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 0, at TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS outbox_content ON outbox (content, number);
        CREATE INDEX IF NOT EXISTS outbox_open ON outbox (number) WHERE state IN (1, 2, 4);
        CREATE TABLE IF NOT EXISTS errors (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, what TEXT NOT NULL, report INTEGER, content INTEGER, outbox INTEGER,
            field TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, closed TEXT);
        CREATE INDEX IF NOT EXISTS errors_open ON errors (number) WHERE state = 'open';
        """;

    private readonly SqliteConnection _db;
    private readonly TimeProvider _time;
    private readonly Action? _onCommit;

    /// <param name="file">Made where there is none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onCommit">Called before and after each commit; for tests that end the client there.</param>
    public ClientStore(string file, TimeProvider time, Action? onCommit = null)
    {
        (_time, _onCommit) = (time, onCommit);
        _db = new SqliteConnection(new SqliteConnectionStringBuilder
            { DataSource = file, Pooling = false, DefaultTimeout = BusySeconds, ForeignKeys = true }.ToString());
        _db.Open();
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = FULL");
        Run(Tables);
        if (Meta("schema") is { } schema && schema != Schema.ToString(CultureInfo.InvariantCulture))
        {
            _db.Dispose();
            throw new InvalidDataException($"The folder was written by another version of this program (schema {schema}, here {Schema}).");
        }

        SetMeta("schema", Schema.ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose() => _db.Dispose();

    /// <summary>The folder belongs to one hotline and one user of one ICCAM: numbers of another mean other things.</summary>
    public void Claim(string owner) => Write(() =>
    {
        // Names and addresses are not kept in the clear.
        owner = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(owner)));
        if (Meta("owner") is { } known && known != owner)
        {
            throw new InvalidDataException("The folder belongs to another hotline, user or ICCAM: give this one a folder of its own.");
        }

        SetMeta("owner", owner);
    });

    /// <summary>How far news were read.</summary>
    public string? NewsPlace => Meta("news");

    /// <summary>Since when the queue is asked for.</summary>
    public DateTimeOffset Since(DateTimeOffset first)
    {
        if (Meta("since") is { } known)
        {
            return DateTimeOffset.Parse(known, CultureInfo.InvariantCulture);
        }

        Write(() => SetMeta("since", Text(first)));
        return first;
    }

    public ContentRow? Content(ContentNumber content) => Contents("content = $1", content.Value).FirstOrDefault();

    public ContentRow? ContentOf(ItemRef item) => Contents("item = $1", item.ToString()).FirstOrDefault();

    /// <summary>Those that are items of ours, after one of them.</summary>
    public IReadOnlyList<ContentRow> DoneAfter(ContentNumber? after, int most) => Contents(
        "state = 2 AND content > $1 ORDER BY content LIMIT $2", after?.Value ?? long.MinValue, most);

    /// <summary>What was intended and is not done, and what a person wants tried again.</summary>
    public IReadOnlyList<ContentRow> Open() => Contents("state IN (1, 4) ORDER BY batch, content");

    /// <summary>These are about to be submitted as one report.</summary>
    public void Intend(ReportNumber report, IReadOnlyList<ContentNumber> batch) => Write(() =>
    {
        foreach (var content in batch)
        {
            Run(
                "INSERT INTO contents (content, report, batch, state, at) VALUES ($1, $2, $3, 1, $4) ON CONFLICT (content) DO NOTHING",
                content.Value, report.Value, batch.Min().Value, Now());
        }
    });

    /// <summary>They are items of ours, and what is to be written of them at once.</summary>
    public void Imported(IReadOnlyList<(ContentNumber Content, ItemRef Item, IReadOnlyList<string> Words)> items) => Write(() =>
    {
        foreach (var (content, item, words) in items)
        {
            Run("UPDATE contents SET state = 2, item = $2, at = $3 WHERE content = $1", content.Value, item.ToString(), Now());
            Plan(content, words);
        }
    });

    /// <summary>A report that lives in both: these contents are these items. What is an item of ours already stays as it is.</summary>
    public void Link(ReportNumber report, IReadOnlyList<(ContentNumber Content, ItemRef Item, IReadOnlyList<string> Words)> items) => Write(() =>
    {
        foreach (var (content, item, words) in items)
        {
            if (Run(
                """
                INSERT INTO contents (content, report, batch, state, item, at) VALUES ($1, $2, $1, 2, $3, $4)
                ON CONFLICT (content) DO UPDATE SET state = 2, item = $3, at = $4 WHERE state IN (3, 4, 5)
                """,
                content.Value, report.Value, item.ToString(), Now()) > 0)
            {
                Plan(content, words);
            }
        }
    });

    /// <summary>A content that cannot be taken, with why; what is an item of ours already stays one.</summary>
    public void NotImported(ReportNumber report, ContentNumber content, IEnumerable<Refusal> refusals) => Write(() =>
    {
        if (Run("UPDATE contents SET state = 3, at = $2 WHERE content = $1 AND state IN (1, 4)", content.Value, Now()) > 0)
        {
            AddErrors("import", report, content, null, refusals);
        }
    });

    /// <summary>A row of the queue that says not even of what it is; the same is told once as long as it is open.</summary>
    public void Unreadable(Refusal refusal) => Write(() =>
    {
        if (Count("errors WHERE state = 'open' AND content IS NULL AND field = $1 AND code = $2", refusal.Field, refusal.Code) == 0)
        {
            AddErrors("import", null, null, null, [refusal]);
        }
    });

    /// <summary>The keys of what is planned of a content, in order.</summary>
    public IReadOnlyList<string> Planned(ContentNumber content) =>
        Read("SELECT key FROM outbox WHERE content = $1 ORDER BY number", r => r.GetString(0), content.Value);

    /// <summary>News up to a place were read, and this is what they make: both or neither.</summary>
    public void TakeNews(string upto, IReadOnlyList<(ContentNumber Content, IReadOnlyList<string> Words)> planned) => Write(() =>
    {
        foreach (var (content, words) in planned)
        {
            Plan(content, words);
        }

        SetMeta("news", upto);
    });

    /// <summary>The content is listed as not named though we have named it: it is named once more.</summary>
    public void NameAgain(ContentNumber content, DateTimeOffset before) => Write(() => Run(
        """
        UPDATE outbox SET state = 1, due = 0, tries = 0 WHERE state = 3 AND at < $2
            AND number = (SELECT max(number) FROM outbox WHERE content = $1 AND key LIKE 'reference-%')
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE content = $1 AND state IN (1, 2, 4))
        """,
        content.Value, Text(before)));

    /// <summary>The first word of each content that waits for nothing, after a number.</summary>
    public OutRow? NextDue(long after) => Read(
        $"""
        SELECT o.number, o.content, c.report, c.item, o.key, o.state, o.before, o.tries FROM outbox o JOIN contents c ON c.content = o.content
        WHERE o.state IN (1, 2) AND o.number > $1 AND o.due <= $2 AND c.state = 2
            AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.content = o.content AND e.number < o.number AND e.state IN (1, 2, 4))
        ORDER BY o.number LIMIT 1
        """,
        r => new OutRow(
            r.GetInt64(0), new ContentNumber(r.GetInt64(1)), new ReportNumber(r.GetInt64(2)), ItemOf(r.GetString(3)), r.GetString(4), (WordState)r.GetInt32(5),
            r.IsDBNull(6) ? null : r.GetInt32(6), r.GetInt32(7)),
        after, Millis(_time.GetUtcNow())).FirstOrDefault();

    /// <summary>It is about to be sent: from now on it may stand there.</summary>
    public void Send(OutRow row, int before) => Write(() =>
        Run("UPDATE outbox SET state = 2, before = $2, at = $3 WHERE number = $1 AND state = 1", row.Number, before, Now()));

    public void Sent(OutRow row) => Write(() => Run("UPDATE outbox SET state = 3, at = $2 WHERE number = $1 AND state IN (1, 2)", row.Number, Now()));

    /// <summary>Later, by a fault that passes.</summary>
    public void Delay(OutRow row, TimeSpan pause) => Write(() =>
        Run("UPDATE outbox SET tries = tries + 1, due = $2 WHERE number = $1 AND state IN (1, 2)", row.Number, Millis(_time.GetUtcNow() + pause)));

    /// <summary>It is not said any more: what comes after it goes on.</summary>
    public void Dropped(OutRow row) => Write(() => Run("UPDATE outbox SET state = 5, at = $2 WHERE number = $1 AND state IN (1, 2)", row.Number, Now()));

    /// <summary>It is refused, with why.</summary>
    public void NotSent(OutRow row, string what, IEnumerable<Refusal> refusals) => Write(() =>
    {
        if (Run("UPDATE outbox SET state = 4, at = $2 WHERE number = $1 AND state IN (1, 2)", row.Number, Now()) > 0)
        {
            AddErrors(what, row.Report, row.Content, row.Number, refusals);
        }
    });

    /// <summary>The error list; also those that were dealt with.</summary>
    public IReadOnlyList<ErrorRow> Errors(bool all, int most) => Read(
        $"SELECT number, at, what, report, content, outbox, field, code, text, state, reason FROM errors WHERE $1 OR state = 'open' ORDER BY number LIMIT $2",
        r => new ErrorRow(
            r.GetInt64(0), DateTimeOffset.Parse(r.GetString(1), CultureInfo.InvariantCulture), r.GetString(2),
            r.IsDBNull(3) ? null : new ReportNumber(r.GetInt64(3)),
            r.IsDBNull(4) ? null : new ContentNumber(r.GetInt64(4)), r.IsDBNull(5) ? null : r.GetInt64(5),
            new Refusal(r.GetString(6), r.GetString(7), r.GetString(8)), r.GetString(9), r.IsDBNull(10) ? null : r.GetString(10)),
        all, most);

    /// <summary>
    /// A person has it tried again, or leaves it. What stands beside it for the same content or word goes with it. False: no such error is open.
    /// </summary>
    public bool Close(long number, bool retry, string reason) => Write(() =>
    {
        var found = Read("SELECT content, outbox FROM errors WHERE number = $1 AND state = 'open'", r => (
            Content: r.IsDBNull(0) ? (long?)null : r.GetInt64(0), Outbox: r.IsDBNull(1) ? (long?)null : r.GetInt64(1)), number);
        if (found is not [var error])
        {
            return false;
        }

        var state = retry ? "retried" : "dismissed";
        Run("UPDATE errors SET state = $3, reason = $4, closed = $5 WHERE state = 'open' AND content IS $1 AND outbox IS $2",
            error.Content, error.Outbox, state, reason, Now());
        if (error.Outbox is { } outbox)
        {
            // Whoever retries has looked: it is sent again unless it stands there.
            Run("UPDATE outbox SET state = $2, tries = 0, due = 0 WHERE number = $1 AND state = 4", outbox,
                (int)(retry ? WordState.Waiting : WordState.Dismissed));
        }
        else if (error.Content is { } content)
        {
            Run("UPDATE contents SET state = $2 WHERE content = $1 AND state = 3", content, (int)(retry ? ContentState.Again : ContentState.Dismissed));
        }

        return true;
    });

    /// <summary>The queue was read to its end.</summary>
    public void Polled() => Write(() => SetMeta("polled", Now()));

    public StoreFigures Figures() => new(
        Count("contents WHERE state = 2"), Count("contents WHERE state IN (1, 4)"), Count("outbox WHERE state IN (1, 2)"),
        Count("outbox o WHERE state IN (1, 2) AND EXISTS (SELECT 1 FROM outbox e WHERE e.content = o.content AND e.number < o.number AND e.state = 4)"),
        Count("outbox WHERE state = 3"), Count("errors WHERE state = 'open'"),
        Meta("polled") is { } polled ? DateTimeOffset.Parse(polled, CultureInfo.InvariantCulture) : null);

    private void Plan(ContentNumber content, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            Run(
                """
                INSERT INTO outbox (content, key, state, at) SELECT $1, $2, 1, $3
                WHERE $2 LIKE 'reference-%' OR NOT EXISTS (SELECT 1 FROM outbox WHERE content = $1 AND key = $2)
                """,
                content.Value, key, Now());
        }
    }

    private void AddErrors(string what, ReportNumber? report, ContentNumber? content, long? outbox, IEnumerable<Refusal> refusals)
    {
        foreach (var refusal in refusals)
        {
            Run(
                "INSERT INTO errors (at, what, report, content, outbox, field, code, text, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open')",
                Now(), what, report?.Value, content?.Value, outbox, refusal.Field, refusal.Code, refusal.Text);
        }
    }

    private IReadOnlyList<ContentRow> Contents(string where, params object?[] values) => Read(
        $"SELECT content, report, batch, state, item FROM contents WHERE {where}",
        r => new ContentRow(
            new ContentNumber(r.GetInt64(0)), new ReportNumber(r.GetInt64(1)), new ContentNumber(r.GetInt64(2)), (ContentState)r.GetInt32(3),
            r.IsDBNull(4) ? null : ItemOf(r.GetString(4))),
        values);

    private static ItemRef ItemOf(string text) => ItemRef.TryParse(text, out var item) ? item : throw new InvalidDataException("An item's id cannot be read.");

    private long Count(string of, params object?[] values) => Read($"SELECT count(*) FROM {of}", r => r.GetInt64(0), values)[0];

    private string? Meta(string name) => Read("SELECT value FROM meta WHERE name = $1", r => r.GetString(0), name).FirstOrDefault();

    private void SetMeta(string name, string value) =>
        Run("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2", name, value);

    private void Write(Action work) => Write(() =>
    {
        work();
        return true;
    });

    private T Write<T>(Func<T> work)
    {
        // Takes the file's lock at once: two who begin by reading could not both go on to write.
        using var transaction = _db.BeginTransaction(deferred: false);
        var result = work();
        _onCommit?.Invoke();
        transaction.Commit();
        _onCommit?.Invoke();
        return result;
    }

    private int Run(string sql, params object?[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private List<T> Read<T>(string sql, Func<SqliteDataReader, T> read, params object?[] values)
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private SqliteCommand Command(string sql, object?[] values)
    {
        var command = _db.CreateCommand();
#pragma warning disable CA2100 // made of this file's own texts
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), values[i] ?? DBNull.Value);
        }

        return command;
    }

    private string Now() => Text(_time.GetUtcNow());

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static long Millis(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
