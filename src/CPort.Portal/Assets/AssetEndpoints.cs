using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;

namespace CPort.Portal.Assets;

/// <summary>
/// Style sheet, script, typeface and icon: embedded in the program and served under the digest of their content, so that browsers keep them for ever and a new
/// program is never drawn with an old sheet. They are packed once; pages are not packed at all, because they carry tokens (BREACH).
/// </summary>
public static class AssetEndpoints
{
    private static readonly FrozenDictionary<string, Asset> All = Load();

    /// <summary>Where a page finds the file.</summary>
    public static string PathOf(string name) => $"/assets/{All[name].Digest}/{name}";

    /// <summary>The bytes of the file as a browser unpacks them, for budgets.</summary>
    internal static int LengthOf(string name) => All[name].Plain.Length;

    internal static IEndpointRouteBuilder MapAssets(this IEndpointRouteBuilder app)
    {
        app.MapGet("/assets/{digest}/{name}", (HttpContext http, string digest, string name) =>
        {
            if (!All.TryGetValue(name, out var asset) || asset.Digest != digest)
            {
                return Results.NotFound();
            }

            http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            if (asset.Packed is { } packed && http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
            {
                http.Response.Headers.ContentEncoding = "gzip";
                http.Response.Headers.Vary = "Accept-Encoding";
                return Results.Bytes(packed, asset.Type);
            }

            return Results.Bytes(asset.Plain, asset.Type);
        }).Needs(Deed.SeeService).ExcludeFromDescription();
        return app;
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        const string Prefix = "assets/";
        var assembly = Assembly.GetExecutingAssembly();
        var plain = assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(n => n[Prefix.Length..], n => Read(assembly, n));

        // The sheet names the typefaces by where they are.
        if (plain.TryGetValue("portal.css", out var sheet))
        {
            var text = System.Text.Encoding.UTF8.GetString(sheet);
            foreach (var (name, bytes) in plain.Where(p => p.Key.EndsWith(".woff2", StringComparison.Ordinal)))
            {
                text = text.Replace($"url({name})", $"url(/assets/{DigestOf(bytes)}/{name})", StringComparison.Ordinal);
            }

            plain["portal.css"] = System.Text.Encoding.UTF8.GetBytes(text);
        }

        return plain.ToFrozenDictionary(p => p.Key, p => new Asset(p.Value, Pack(p.Key, p.Value), DigestOf(p.Value), TypeOf(p.Key)));
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[]? Pack(string name, byte[] bytes)
    {
        if (name.EndsWith(".woff2", StringComparison.Ordinal))
        {
            return null;
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static string DigestOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };

    private sealed record Asset(byte[] Plain, byte[]? Packed, string Digest, string Type);
}
