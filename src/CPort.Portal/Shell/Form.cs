using System.Text;
using CPort.Actors.Intake;
using CPort.Actors.Telemetry;
using CPort.Domain.Confidential;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;

namespace CPort.Portal.Shell;

/// <summary>A form as it was sent: its fields, and the makings of its command.</summary>
internal sealed class Form
{
    private readonly HttpContext _http;
    private readonly IFormCollection _fields;

    private Form(HttpContext http, IFormCollection fields) => (_http, _fields) = (http, fields);

    /// <summary>Fields that were kept.</summary>
    public static Form Of(HttpContext http, IFormCollection fields) => new(http, fields);

    /// <summary>No field is longer than the API takes a text (<see cref="IntakeLimits.MemoLength"/>): 422 with the field's name.</summary>
    public static async Task<Form> ReadAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "A form was expected.");
        }

        var (fields, most) = (await http.Request.ReadFormAsync(http.RequestAborted), http.RequestServices.GetRequiredService<IntakeLimits>().MemoLength);
        return fields.FirstOrDefault(f => f.Value.Any(v => v?.Length > most)) is { Key: { } tooLong }
            ? throw ApiProblemException.OfField(tooLong, ProblemCodes.TooLong, $"At most {most} characters.") : new(http, fields);
    }

    public Caller Caller => _http.Features.Get<Caller>()!;

    /// <summary>The field's text without spaces around it; null: none, or an empty one.</summary>
    public string? Text(string name) => _fields[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    public bool Is(string name) => _fields[name].ToString() is "on" or "1" or "true";

    public int? Number(string name) => int.TryParse(_fields[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;

    /// <summary>A value of one of ICCAM's lists, by its number.</summary>
    public T? Code<T>(string name)
        where T : struct, Enum => Number(name) is { } n && Enum.IsDefined((T)Enum.ToObject(typeof(T), n)) ? (T)Enum.ToObject(typeof(T), n) : null;

    /// <summary>As it was filled in, to be shown again.</summary>
    public FilledForm Filled() => new(
        Text(Drafts.IdField) ?? "", _http.Request.Path,
        _fields.ToImmutableDictionary(f => f.Key, f => f.Value.OfType<string>().ToImmutableArray()));

    public IEnumerable<string> All(string name) => _fields[name].OfType<string>();

    /// <summary>
    /// The context of the form's command. A form that is sent twice (a double click, a reload, another node) is the same command; the same id with other
    /// fields is another command, and refused.
    /// </summary>
    /// <param name="part">When one form makes several commands: which, from 0.</param>
    public CommandContext Context(int part = 0) => new()
    {
        CommandId = !CommandId.TryParse(Text(Pages.CommandField), out var given) ? CommandId.New()
            : part == 0 ? given : CommandId.TryParse($"{given}.{part}", out var numbered) ? numbered : CommandId.New(),
        Caller = Caller, OccurredAt = _http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(), TraceParent = CPortTracing.Current,
        Digest = Digest(),
    };

    private ulong Digest()
    {
        var token = _http.RequestServices.GetRequiredService<IOptions<AntiforgeryOptions>>().Value.FormFieldName;
        var text = new StringBuilder().Append(_http.Request.Path);
        foreach (var (name, values) in _fields.Where(f => f.Key != token).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            text.Append('\0').Append(name);
            foreach (var value in values)
            {
                text.Append('\u0001').Append(value);
            }
        }

        var mac = _http.RequestServices.GetRequiredService<ConfidentialSeam>().Keyed("form-digest-1", Encoding.UTF8.GetBytes(text.ToString()));
        return Math.Max(1, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(mac));
    }
}
