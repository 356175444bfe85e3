// Submits, reads and looks up with the clients that NSwag and Kiota make of the document: dotnet ForeignClients.dll URL KEY REFERENCE SHA256
using System.Net.Http.Headers;
using Foreign.Kiota;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;
using K = Foreign.Kiota.Models;
using N = Foreign.NSwag;

var (url, key, reference, sha256) = (args[0], args[1], args[2], args[3]);
var received = new DateTimeOffset(2026, 1, 4, 8, 15, 0, TimeSpan.Zero);

using (var http = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } })
{
    var client = new N.NSwagClient(http) { BaseUrl = url };
    var submitted = await client.SubmitReportAsync(null, null, null, null, new N.ReportBody
    {
        HotlineReference = $"{reference}-n", HotlineReceivedDate = received, SourceUrlSiteType = 6, Urgent = true,
        Urls = [new N.UrlEntryBody { UrlString = $"https://nswag.example/{reference}", ContentType = 1, Hashes = new N.HashesBody { Sha256 = sha256 } }],
    });
    Expect("accepted", submitted.Outcome);
    var report = await client.GetReportAsync(submitted.ReportId, null, null, null, null);
    Expect($"{reference}-n", report.HotlineReference);
    Expect(received, report.HotlineReceivedDate!.Value.ToUniversalTime());
    Expect($"https://nswag.example/{reference}", report.Items.Single().UrlString);
    var looked = await client.LookupHashesAsync(null, null, null, null,
        new N.LookupBody { Hashes = [new N.HashBody { Algorithm = "sha256", Value = sha256 }] });
    Expect(N.HashAlgorithm.Sha256, looked.Results.Single().Algorithm);
    try
    {
        await client.LookupHashesAsync(null, null, null, null, new N.LookupBody { Hashes = [new N.HashBody { Algorithm = "sha256", Value = "short" }] });
        throw new InvalidOperationException("A value that is no hash was looked up.");
    }
    catch (N.ApiException<N.ApiProblem> e)
    {
        Expect("malformed-hash", e.Result.Code);
    }
}

using (var adapter = new HttpClientRequestAdapter(new BaseBearerTokenAuthenticationProvider(new Key(key))) { BaseUrl = url })
{
    var client = new KiotaClient(adapter);
    var submitted = await client.V1.Reports.PostAsync(new K.ReportBody
    {
        HotlineReference = $"{reference}-k", HotlineReceivedDate = received, SourceUrlSiteType = new() { Integer = 6 }, Urgent = true,
        Urls =
        [
            new K.UrlEntryBody
            {
                UrlString = $"https://kiota.example/{reference}", ContentType = new() { String = "Media" }, Hashes = new K.HashesBody { Sha256 = sha256 },
            },
        ],
    });
    Expect("accepted", submitted!.Outcome);
    var report = await client.V1.Reports[submitted.ReportId!].GetAsync();
    Expect($"{reference}-k", report!.HotlineReference);
    Expect(received, report.HotlineReceivedDate);
    Expect($"https://kiota.example/{reference}", report.Items!.Single().UrlString);
    var looked = await client.V1.HashesLookup.PostAsync(new K.LookupBody { Hashes = [new K.HashBody { Algorithm = "sha256", Value = sha256 }] });
    Expect(K.HashAlgorithm.Sha256, looked!.Results!.Single().Algorithm);
    try
    {
        await client.V1.HashesLookup.PostAsync(new K.LookupBody { Hashes = [new K.HashBody { Algorithm = "sha256", Value = "short" }] });
        throw new InvalidOperationException("A value that is no hash was looked up.");
    }
    catch (K.ApiProblem e)
    {
        Expect("malformed-hash", e.Code);
    }
}

static void Expect<T>(T wanted, T got)
{
    if (!Equals(wanted, got))
    {
        throw new InvalidOperationException($"{wanted} was expected, {got} came");
    }
}

internal sealed class Key(string text) : IAccessTokenProvider
{
    public AllowedHostsValidator AllowedHostsValidator { get; } = new();

    public Task<string> GetAuthorizationTokenAsync(
        Uri uri, Dictionary<string, object>? additionalAuthenticationContext = null, CancellationToken cancellationToken = default) => Task.FromResult(text);
}
