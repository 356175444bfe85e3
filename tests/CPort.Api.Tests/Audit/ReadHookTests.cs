using System.Reflection;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Audit;
using CPort.Node;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Operator;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CPort.Api.Tests.Audit;

/// <summary>Every endpoint of both ports leaves its mark, or is one of the few that show nothing.</summary>
public sealed class ReadHookTests : IDisposable
{
    /// <summary>Rights whose use shows nothing of reports, items, hashes, agencies or people.</summary>
    private static readonly Deed[] ShowNothing = [Deed.SeeService, Deed.SeeFigures, Deed.ReadProjections, Deed.WatchNodes, Deed.SeeTree, Deed.SignIn];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cport-hook-");

    public void Dispose() => TestFolders.Remove(_folder.FullName);

    [Fact]
    public void Only_these_rights_are_not_written_down() => Assert.Equal(
        ShowNothing.Order(), Enum.GetValues<Deed>().Where(d => AccessTable.Audited(d).Kind is null).Order());

    [Fact]
    public async Task Every_endpoint_that_shows_data_can_say_which_and_has_a_kind_in_its_row()
    {
        await using var app = NodeHost.Build(new NodeOptions { Data = _folder.FullName, Http = { Url = "http://127.0.0.1:0" } });
        var operators = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        operators.Services.AddRouting();
        operators.WebHost.UseKestrelCore();
        await using var port = operators.Build();
        OperatorEndpoints.Map(port, new OperatorNode(app.Services, new NodeState(), NullLogger.Instance, CancellationToken.None));
        var endpoints = new IEndpointRouteBuilder[] { app, port }.SelectMany(a => a.DataSources).SelectMany(d => d.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.Contains("v1/", StringComparison.Ordinal))
            .ToArray();
        Assert.Contains(endpoints, e => e.RoutePattern.RawText == "/v1/queues/{name}");
        Assert.Contains(endpoints, e => e.RoutePattern.RawText == "/operator/v1/reports/{id}");

        foreach (var endpoint in endpoints)
        {
            var rows = endpoint.Metadata.GetOrderedMetadata<NeededDeed>().Select(n => AccessTable.Audited(n.Deed)).ToArray();
            var answers = AnswersOf(endpoint).ToArray();
            if (rows.Any(r => r.IsBefore))
            {
                // A file says it by its result; a stream by its chunks; an answer without content shows what the path names.
                Assert.True(
                    endpoint.Metadata.GetMetadata<AuditedByChunks>() is not null
                        || answers.All(a => a.IsAssignableTo(typeof(IShowsData)) || a == typeof(string) || a == typeof(byte[])),
                    $"{endpoint.RoutePattern.RawText} answers with {string.Join(", ", answers.Select(a => a.Name))}, which cannot say what it shows (IShowsData).");
            }
            else if (rows.All(r => r.Kind is null))
            {
                Assert.True(
                    !answers.Any(a => a.IsAssignableTo(typeof(IShowsData))),
                    $"{endpoint.RoutePattern.RawText} shows data, and none of its rights has a kind in the column 'Audited as'.");
            }
        }
    }

    /// <summary>The types of an endpoint's good answers.</summary>
    private static IEnumerable<Type> AnswersOf(Endpoint endpoint)
    {
        var named = endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
            .Where(p => p.StatusCode is >= 200 and < 300 && p.Type is not null && p.Type != typeof(void)).Select(p => p.Type!);
        return endpoint.Metadata.GetMetadata<MethodInfo>() is { } method ? named.Concat(Within(method.ReturnType)).Distinct() : named;
    }

    private static IEnumerable<Type> Within(Type type)
    {
        if (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>)
            || type.IsAssignableTo(typeof(IResult))))
        {
            return type.GetGenericArguments().SelectMany(Within);
        }

        return type.IsAssignableTo(typeof(IResult)) || type == typeof(Task) || type == typeof(void) ? [] : [type];
    }
}
