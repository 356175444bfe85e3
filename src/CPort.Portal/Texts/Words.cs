using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace CPort.Portal.Texts;

/// <summary>
/// The texts of one language: a catalogue of messages (<c>messages.xx.json</c>, embedded) in which places are named, <c>{count}</c>, and a plural has the
/// classes of CLDR that the language needs. The product runs without cultures (<c>InvariantGlobalization</c>), so dates, numbers and plurals are written here.
/// A message that a language lacks is English; <c>TextTests</c> holds that no language lacks one, and that places agree.
/// </summary>
public sealed class Words
{
    /// <summary>Between groups of three digits: a thin space that does not break.</summary>
    private const char Thin = '\u202F';

    private readonly FrozenDictionary<string, FrozenDictionary<string, string>> _messages;
    private readonly Words? _else;

    private Words(string language, FrozenDictionary<string, FrozenDictionary<string, string>> messages, Words? elseIn)
    {
        (Language, _messages, _else) = (language, messages, elseIn);
        Reviewed = Find("language.reviewed") == "yes";
    }

    /// <summary>The languages there are, English first.</summary>
    public static ImmutableArray<string> Languages { get; } = ["en", "fr", "es", "ar", "nl", "de", "nb", "ro"];

    private static readonly FrozenDictionary<string, Words> All = Load();

    public static Words English => All["en"];

    /// <summary>BCP 47.</summary>
    public string Language { get; }

    /// <summary><c>rtl</c> or <c>ltr</c>.</summary>
    public string Direction => Language == "ar" ? "rtl" : "ltr";

    /// <summary>A person who speaks the language has read its texts; else pages say that nobody has.</summary>
    public bool Reviewed { get; }

    /// <summary>The message of that name. Throws <see cref="KeyNotFoundException"/> when even English has none.</summary>
    public string this[string key] => Find(key) ?? throw new KeyNotFoundException($"No text '{key}'.");

    /// <summary>The languages of a person's setting, or of an <c>Accept-Language</c> header.</summary>
    public static Words Of(string? setting, string? acceptLanguage)
    {
        if (setting is not null && All.TryGetValue(setting, out var set))
        {
            return set;
        }

        foreach (var part in (acceptLanguage ?? "").Split(',', 20))
        {
            var tag = part.Split(';')[0].Trim().Split('-')[0].ToLowerInvariant();
            if (All.TryGetValue(tag is "no" or "nn" ? "nb" : tag, out var asked))
            {
                return asked;
            }
        }

        return English;
    }

    /// <summary>The message with its places filled.</summary>
    public string Of(string key, params ReadOnlySpan<(string Place, object? Value)> places) => Fill(this[key], places);

    /// <summary>The message of that number's plural class, with the number as <c>{count}</c>.</summary>
    public string Count(string key, long count, params ReadOnlySpan<(string Place, object? Value)> places)
    {
        var text = Find(key, PluralOf(count)) ?? Find(key, "other") ?? throw new KeyNotFoundException($"No text '{key}'.");
        return Fill(text.Replace("{count}", Number(count), StringComparison.Ordinal), places);
    }

    /// <summary>The name of a value of a code list or another enumeration: <c>state.Unassessed</c>; its own name when there is none.</summary>
    public string Name<T>(string list, T value)
        where T : struct, Enum => Find($"{list}.{value}") ?? value.ToString();

    /// <summary>The country's name, or its code.</summary>
    public string Country(Country? country) => country is { } c ? Find($"country.{c.Code}") ?? c.Code : this["common.none"];

    public bool Has(string key) => Find(key) is not null;

    /// <summary><c>1 204</c>.</summary>
    public string Number(long value)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        var from = value < 0 ? 1 : 0;
        for (var i = digits.Length - 3; i > from; i -= 3)
        {
            digits = digits.Insert(i, Thin.ToString());
        }

        return digits;
    }

    /// <summary><c>31 Jan 2026</c>, never an order of numbers.</summary>
    public string Day(DateTimeOffset at) =>
        Of("date.day", ("day", at.UtcDateTime.Day), ("month", this[$"month.{at.UtcDateTime.Month}"]), ("year", at.UtcDateTime.Year));

    public string Day(DateOnly day) => Day(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary><c>31 Jan 2026, 08:15 UTC</c>.</summary>
    public string Moment(DateTimeOffset at) => Of("date.moment", ("day", Day(at)), ("time", at.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)));

    /// <summary>How long, in its largest unit: <c>5 d</c>, <c>3 h</c>, <c>12 min</c>.</summary>
    public string Span(TimeSpan span) => span.TotalDays >= 2 ? Of("span.days", ("n", (long)span.TotalDays))
        : span.TotalHours >= 1 ? Of("span.hours", ("n", (long)span.TotalHours))
        : Of("span.minutes", ("n", Math.Max(0, (long)span.TotalMinutes)));

    /// <summary>The language's own texts, each plural class by itself.</summary>
    internal IEnumerable<(string Key, string Plural, string Text)> Own => _messages.SelectMany(m => m.Value.Select(p => (m.Key, p.Key, p.Value)));

    internal static Words In(string language) => All[language];

    /// <summary>The plural classes a language has for whole numbers (CLDR 45).</summary>
    internal static ImmutableArray<string> PluralsOf(string language) => language switch
    {
        "ar" => ["zero", "one", "two", "few", "many", "other"],
        "ro" => ["one", "few", "other"],
        _ => ["one", "other"],
    };

    private string PluralOf(long n) => Language switch
    {
        "ar" => n switch
        {
            0 => "zero",
            1 => "one",
            2 => "two",
            _ when n % 100 is >= 3 and <= 10 => "few",
            _ when n % 100 is >= 11 => "many",
            _ => "other",
        },
        "ro" => n == 1 ? "one" : n == 0 || n % 100 is >= 1 and <= 19 ? "few" : "other",
        "fr" => n is 0 or 1 ? "one" : "other",
        _ => n == 1 ? "one" : "other",
    };

    private string? Find(string key, string plural = "other") =>
        _messages.TryGetValue(key, out var forms) && (forms.TryGetValue(plural, out var text) || forms.TryGetValue("other", out text))
            ? text : _else?.Find(key, plural);

    private static string Fill(string text, ReadOnlySpan<(string Place, object? Value)> places)
    {
        foreach (var (place, value) in places)
        {
            text = text.Replace($"{{{place}}}", Convert.ToString(value, CultureInfo.InvariantCulture), StringComparison.Ordinal);
        }

        return text;
    }

    private static FrozenDictionary<string, Words> Load()
    {
        var english = Read("en", null);
        return Languages.Select(l => l == "en" ? english : Read(l, english)).ToFrozenDictionary(w => w.Language);
    }

    // Our own messages, and Unicode's names of countries and months.
    private static Words Read(string language, Words? elseIn)
    {
        var messages = new Dictionary<string, FrozenDictionary<string, string>>();
        foreach (var file in new[] { "messages", "cldr" })
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"texts/{file}.{language}.json");
            if (stream is null)
            {
                continue;
            }

            using var json = JsonDocument.Parse(stream);
            foreach (var message in json.RootElement.EnumerateObject())
            {
                messages.Add(message.Name, message.Value.ValueKind == JsonValueKind.Object
                    ? message.Value.EnumerateObject().ToFrozenDictionary(p => p.Name, p => p.Value.GetString()!)
                    : new Dictionary<string, string> { ["other"] = message.Value.GetString()! }.ToFrozenDictionary());
            }
        }

        return new Words(language, messages.ToFrozenDictionary(), elseIn);
    }
}
