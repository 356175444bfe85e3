using System.Collections.Concurrent;
using System.Net;
using CPort.Actors.Exchange;
using CPort.Domain.Access;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Node.Adapters;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace CPort.Api.Tests.Adapters;

/// <summary>Where a node does not send, whatever an agency asks it to.</summary>
public sealed class WebhookSenderTests
{
    private static readonly Webhook Hook = new()
    {
        Id = new ReportId(12345), Agency = AgencyId.Parse("hotline-nl"), Tenant = Tenant.Live, Url = "https://hooks.example/cport", Secret = new byte[32],
        CreatedAt = DateTimeOffset.UnixEpoch, State = WebhookState.Active,
    };

    [Theory]
    [InlineData("https://127.0.0.1:1/")]
    [InlineData("https://[::1]:1/")]
    [InlineData("https://localhost:1/")]
    [InlineData("https://169.254.169.254/latest/")]
    [InlineData("http://8.8.8.8/")]
    public async Task What_lies_inside_is_not_connected_to(string url)
    {
        using var sender = new WebhookSender(new WebhookOptions { Patience = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        var answer = await sender.SendAsync(Hook with { Url = url }, new WebhookMessage("1", "application/cloudevents+json", []), 0, default);
        Assert.Equal((null, "the address is not one that may be sent to"), (answer.Status, answer.Fault));
    }

    [Fact]
    public async Task Many_events_in_a_row_go_over_one_connection_to_the_address_that_was_looked_at()
    {
        await using var receiver = WebApplication.CreateSlimBuilder().Build();
        receiver.Urls.Add("http://127.0.0.1:0");
        var connections = new ConcurrentDictionary<string, int>();
        receiver.MapPost("/", (HttpContext http) => connections.AddOrUpdate(http.Connection.Id, 1, (_, n) => n + 1));
        await receiver.StartAsync();
        using var sender = new WebhookSender(
            new WebhookOptions { Patience = TimeSpan.FromSeconds(30), AllowedNetworks = [IPNetwork.Parse("127.0.0.0/8")] }, TimeProvider.System);
        for (var i = 0; i < 5; i++)
        {
            var message = new WebhookMessage($"{i}", "application/json", [1]);
            Assert.True((await sender.SendAsync(Hook with { Url = receiver.Urls.First() }, message, 0, default)).IsTaken);
        }

        Assert.Equal(5, Assert.Single(connections).Value);
    }
}
