using System.Security.Cryptography;
using System.Text.Json;
using CPort.Actors.Personal;
using CPort.Portal.SignIn;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace CPort.Portal.Shell;

/// <summary>A form as it was filled in before, for its page to show again: nothing of it has been done.</summary>
/// <param name="Id">Under which it is kept; empty: it is not, it was refused just now.</param>
/// <param name="Action">Where it was sent.</param>
/// <param name="Fields">What stood in it.</param>
public sealed record FilledForm(string Id, string Action, ImmutableDictionary<string, ImmutableArray<string>> Fields)
{
    /// <summary>What stood in a field of the form that goes to an address with this end; null: another form, or nothing.</summary>
    public string? Text(string end, string name) =>
        Is(end) && Fields.TryGetValue(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>All that stood in a field of that name in that form; null: another form.</summary>
    public ImmutableArray<string>? All(string end, string name) => Is(end) ? Fields.GetValueOrDefault(name, []) : null;

    /// <summary>It is the form that goes to an address with this end.</summary>
    public bool Is(string end) => Action.EndsWith($"/{end}", StringComparison.Ordinal);

    internal Form? Form(HttpContext http, string end) => Is(end)
        ? Shell.Form.Of(http, new FormCollection(Fields.ToDictionary(f => f.Key, f => new StringValues([.. f.Value])))) : null;
}

/// <summary>
/// Drafts (rule R8): a form that comes when its session is over is kept sealed for its person, and stands filled in again after that person has signed in,
/// and for nobody else. Whose it is says a mark in the form, which only this cluster can have made; the request itself says nothing.
/// </summary>
internal sealed class Drafts(IDataProtectionProvider protection, PersonalStore store, TimeProvider time)
{
    /// <summary>Of the form: the mark.</summary>
    public const string WhoField = "who";

    /// <summary>Of the form: the page it stands on.</summary>
    public const string BackField = "back";

    /// <summary>Of the form and of the page's address: the draft's id.</summary>
    public const string IdField = "draft";

    /// <summary>A mark is good for as long as a session may last.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly IDataProtector _protector = protection.CreateProtector("draft-owner-1");

    /// <summary>For the forms of a person's page.</summary>
    public string MarkOf(Caller caller) => _protector.Protect(
        string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().ToUnixTimeSeconds()}\n{(int)caller.Tenant}\n{caller.Agency}\n{caller.KeyId}"));

    /// <summary>
    /// Keeps the request's form when it says whose it is; the address at which that person finds it again. Null: it is no form of a page of ours, or none that
    /// is kept.
    /// </summary>
    public async Task<string?> KeepAsync(HttpContext http)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !http.Request.HasFormContentType || !FormGuard.IsOfOwnPage(http.Request)
            || http.Request.ContentLength is null or > FormGuard.FormBytes)
        {
            return null;
        }

        IFormCollection fields;
        try
        {
            fields = await http.Request.ReadFormAsync(FormGuard.Limits, http.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return null;
        }

        if (OwnerOf(fields[WhoField].ToString()) is not { } owner || Return.To(fields[BackField].ToString()) is not { } back
            || (http.Features.Get<Caller>() is { } caller && PersonalOwner.Of(caller) != owner))
        {
            return null;
        }

        string[] own = [WhoField, BackField, IdField, Pages.CommandField, "token"];
        var kept = new Kept(http.Request.Path, fields.Where(f => !own.Contains(f.Key)).ToDictionary(f => f.Key, f => f.Value.OfType<string>().ToArray()));
        var id = await store.KeepAsync(owner, PersonalKind.Draft, JsonSerializer.Serialize(kept), http.RequestAborted);
        return $"{back}{(back.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{IdField}={id}";
    }

    /// <summary>The draft that the page's address names, of the person who looks.</summary>
    public async Task<FilledForm?> FindAsync(HttpContext http)
    {
        if (http.Request.Query[IdField].ToString() is not { Length: > 0 and <= 40 } id || http.Features.Get<Caller>() is not { } caller
            || await store.FindAsync(caller, PersonalKind.Draft, id, http.RequestAborted) is not { } found)
        {
            return null;
        }

        var kept = JsonSerializer.Deserialize<Kept>(found.Body)!;
        return new FilledForm(found.Id, kept.Action, kept.Fields.ToImmutableDictionary(f => f.Key, f => f.Value.ToImmutableArray()));
    }

    /// <summary>The form was sent again and taken.</summary>
    public async Task DoneAsync(HttpContext http)
    {
        if (http.Request.Form[IdField].ToString() is { Length: > 0 and <= 40 } id && http.Features.Get<Caller>() is { } caller)
        {
            await store.DropAsync(caller, id, http.RequestAborted);
        }
    }

    private PersonalOwner? OwnerOf(string mark)
    {
        try
        {
            return mark.Length is > 0 and < 2_000 && _protector.Unprotect(mark).Split('\n') is [var at, var tenant, var agency, var key]
                && time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(long.Parse(at, CultureInfo.InvariantCulture)) < Longest
                    ? new PersonalOwner((Tenant)int.Parse(tenant, CultureInfo.InvariantCulture), AgencyId.Parse(agency), key) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private sealed record Kept(string Action, Dictionary<string, string[]> Fields);
}
