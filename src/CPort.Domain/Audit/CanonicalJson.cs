using System.Buffers;

namespace CPort.Domain.Audit;

/// <summary>
/// Writes JSON in the one form that RFC 8785 has for it, as far as entries need it: objects, arrays, texts, whole numbers. Refuses names that do not come in
/// their order.
/// </summary>
public sealed class CanonicalJson
{
    /// <summary>Beyond it a number is not the same to everybody (RFC 8785 3.2.2.3).</summary>
    public const long LargestNumber = 1L << 53;

    private static readonly SearchValues<char> Escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (char)c), '"', '\\']);

    private readonly ArrayBufferWriter<byte> _bytes = new(512);
    private readonly Stack<Place> _places = new();

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public CanonicalJson Object(Action content) => Within('{', content, '}');

    public CanonicalJson Array(Action content) => Within('[', content, ']');

    /// <summary>Names the value that comes next.</summary>
    public CanonicalJson Name(string name)
    {
        var place = _places.Peek();
        if (place.Last is { } last && string.CompareOrdinal(last, name) >= 0)
        {
            throw new InvalidOperationException($"'{name}' comes before '{last}'.");
        }

        Separate();
        place.Last = name;
        Quote(name);
        Put(':');
        place.Named = true;
        return this;
    }

    public CanonicalJson Text(string text)
    {
        Separate();
        Quote(text);
        return this;
    }

    /// <summary>A number up to <see cref="LargestNumber"/>, either sign.</summary>
    public CanonicalJson Number(long number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Abs(number), LargestNumber);
        Separate();
        Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture), _bytes);
        return this;
    }

    /// <summary>A named text that is left out when it is null.</summary>
    public CanonicalJson Text(string name, string? text) => text is null ? this : Name(name).Text(text);

    /// <summary>A named array of texts that is left out when it is empty.</summary>
    public CanonicalJson Texts(string name, IReadOnlyCollection<string> texts) => texts.Count == 0 ? this : Name(name).Array(() =>
    {
        foreach (var text in texts)
        {
            Text(text);
        }
    });

    private CanonicalJson Within(char open, Action content, char close)
    {
        Separate();
        Put(open);
        _places.Push(new Place());
        content();
        _places.Pop();
        Put(close);
        return this;
    }

    private void Separate()
    {
        if (!_places.TryPeek(out var place))
        {
            return;
        }

        if (place is { Named: false, Any: true })
        {
            Put(',');
        }

        (place.Named, place.Any) = (false, true);
    }

    private void Quote(string text)
    {
        Put('"');
        if (!text.AsSpan().ContainsAny(Escaped))
        {
            // Nearly all of it. Half a surrogate pair becomes U+FFFD here as below.
            Encoding.UTF8.GetBytes(text, _bytes);
            Put('"');
            return;
        }

        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"': Put('\\', '"'); break;
                case '\\': Put('\\', '\\'); break;
                case '\b': Put('\\', 'b'); break;
                case '\t': Put('\\', 't'); break;
                case '\n': Put('\\', 'n'); break;
                case '\f': Put('\\', 'f'); break;
                case '\r': Put('\\', 'r'); break;
                case < 0x20: Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"), _bytes); break;

                // Half a surrogate pair is no character: the enumeration gives U+FFFD for it.
                default:
                    _bytes.Advance(rune.EncodeToUtf8(_bytes.GetSpan(4)));
                    break;
            }
        }

        Put('"');
    }

    private void Put(params ReadOnlySpan<char> ascii)
    {
        var span = _bytes.GetSpan(ascii.Length);
        for (var i = 0; i < ascii.Length; i++)
        {
            span[i] = (byte)ascii[i];
        }

        _bytes.Advance(ascii.Length);
    }

    private sealed class Place
    {
        public string? Last { get; set; }

        public bool Named { get; set; }

        public bool Any { get; set; }
    }
}
