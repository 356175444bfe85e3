using System.Net;
using System.Text.Json.Nodes;
using CPort.Domain.Identity;
using CPort.Node.Sample.Case;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>
/// The sixteen steps of one case of four agencies (<see cref="CaseSteps"/>) over the API, on one node whose clock is moved by two days. No node dies here (the
/// cluster's test kills one): what step 12 did is refused the second time. After each step those answers that <see cref="CaseSecrets"/> asks for hold nothing
/// that is not for who asks.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class CaseTests(MovedNode moved, ITestOutputHelper output) : IClassFixture<MovedNode>
{
    [Fact]
    public async Task One_case_of_four_agencies_is_played_and_nobody_sees_what_is_not_theirs()
    {
        using var play = await CasePlay.BeginAsync(new Stage(moved), "case-api");
        foreach (var step in CaseSteps.All)
        {
            play.Forget();
            await step.Act(play);
            await step.Holds(play);
            await CaseSecrets.CheckAsync(play, step);
            output.WriteLine($"{step.Number}: {step.Who} {step.Does}; {play.Note}");
        }

        // Who sees what at the end, said once more by what each is told.
        var sights = await CaseSight.AllAsync(play);
        Assert.Equal(["9 of 9 items", "7 of 9 items", "2 of 9 items"], sights.Take(3).Select(s => s.Topics["1 items"][..12]));
        Assert.Contains("victim identified", sights[1].Topics["6 icse"], StringComparison.Ordinal);
        Assert.DoesNotContain("6 icse", sights[2].Topics.Keys);
        await DisclosuresAsync(play);
    }

    /// <summary>What left the house is written down: INTERPOL's package, with its items, in the log that its own auditor reads.</summary>
    private async Task DisclosuresAsync(CasePlay play)
    {
        var auditor = await moved.Node.AuditorKeyAsync("interpol");
        await EndToEndNode.UntilAsync(
            () => moved.Node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject
            {
                ["record"] = play.ItemId(CaseReport.Alike), ["kinds"] = new JsonArray("disclosure"),
            }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").EnumerateArray().Any(
                e => e.GetProperty("purpose").GetString() == CasePlay.Purpose && e.GetProperty("actor").GetProperty("agency").GetString() == "interpol"));
    }

    private sealed class Stage(MovedNode moved) : ICaseStage
    {
        public Uri Url => moved.Node.Url;

        public string OperatorKey => moved.Node.KeyOf("operator");

        public string SecondOperatorKey => moved.Node.KeyOf("operator-2");

        public DateTimeOffset Now => moved.Clock.GetUtcNow();

        public TimeSpan Patience => EndToEndNode.Patience;

        public Task<bool> PassAsync(TimeSpan time)
        {
            moved.Clock.Move(time);
            return Task.FromResult(true);
        }

        /// <summary>What was answered is not forgotten: the same is refused afterwards.</summary>
        public async Task WhileNodeDiesAsync(Func<Task> act)
        {
            await act();
            var again = await Assert.ThrowsAsync<CPort.Node.Client.CPortApiException>(act);
            Assert.Equal("referral-is-over", again.Problem.Code);
        }

        public async Task<ICasePerson> SignInAsync(CasePlay play, string signInName, string name)
        {
            var link = (await play.PostAsync("administrator-nl", "v1/people", new { signInName, name, roles = new[] { nameof(Roles.Officer) } }))
                .GetProperty("link").GetString()!;
            var person = new Person(new SignInBrowser(Url));
            await person.ComeInAsync(link);
            return person;
        }
    }

    private sealed class Person(SignInBrowser browser) : ICasePerson
    {
        private readonly SoftAuthenticator _device = new();

        public async Task ComeInAsync(string link)
        {
            await browser.EnrolAsync(link, _device);
            var token = await browser.TokenAsync("/signin/purpose");
            await browser.PostAsync("/signin/purpose", new() { ["purpose"] = CasePlay.Purpose }, token: token);
        }

        public async Task<bool> OpensAsync(string path) => (await browser.GetAsync($"/{path}")).Status == HttpStatusCode.OK;

        public void Dispose()
        {
            browser.Dispose();
            _device.Dispose();
        }
    }
}
