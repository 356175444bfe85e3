using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.People;
using CPort.Actors.Persistence;
using CPort.Domain.Access;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Mails, taken by a mail server that nobody here wrote (Debian's python3-aiosmtpd).</summary>
[Collection(EndToEndCollection.Name)]
public sealed class MailTests
{
    [SkippableFact]
    public async Task Who_wants_it_is_told_by_mail_how_many_and_never_what()
    {
        using var server = await MailServer.StartAsync();
        var clock = new MovableClock();
        await using var node = await EndToEndNode.StartAsync(
            DatabaseProvider.Sqlite, null!, o =>
            {
                o.Mail = new MailOptions
                {
                    Host = "127.0.0.1", Port = server.Port, Security = MailSecurity.None, From = "cport@hotline.example", DailyHour = 13,
                };
                o.Portal.Url = "https://portal.example";
            }, clock);
        await node.RegisterAsync("mail-hotline", "Hotline", "Standard", "Administrator", "MK");
        foreach (var (name, role, wish, language) in new[]
        {
            ("anna", "Analyst", MailWish.Daily, "ar"), ("bert", "Analyst", MailWish.Urgent, "nl"), ("carl", "Analyst", MailWish.None, "en"),
            ("dora", "Administrator", MailWish.Daily, "en"), ("refused", "Analyst", MailWish.Urgent, "en"),
        })
        {
            await JoinAsync(node, name, role, wish, language);
        }

        // From now on: what is there already is told once a day.
        await node.SubmitAsync("gb", ReportLifeTests.Hosted("MAIL-0", "MK", 1));
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.Empty(server.Received);
        foreach (var reference in new[] { "MAIL-1", "MAIL-2" })
        {
            await node.SubmitAsync("gb", Urgent(ReportLifeTests.Hosted(reference, "MK", 2)));
        }

        await server.HasAsync(2);
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.Equal(["anna", "bert"], server.Received.Select(m => m.To).Order());
        Assert.Matches("^Er (is 1 dringende melding|zijn 2 dringende meldingen) gekomen$", server.Received.Single(m => m.To == "bert").Subject);
        foreach (var mail in server.Received)
        {
            Assert.Contains("https://portal.example/app", mail.Text, StringComparison.Ordinal);
            Assert.Equal("auto-generated", mail.AutoSubmitted);
            Assert.DoesNotMatch("MAIL-|hotline|host|[0-9a-f]{16}|[0-9A-Z]{26}", mail.Text);
        }

        // What comes soon after is counted in the next one.
        var before = server.Received.Length;
        await node.SubmitAsync("gb", Urgent(ReportLifeTests.Hosted("MAIL-3", "MK", 1)));
        await Task.Delay(TimeSpan.FromSeconds(5));
        clock.Move(TimeSpan.FromMinutes(6));
        await server.HasAsync(before + 2);

        // Once a day, to who wants that, and not while the server is away.
        before = server.Received.Length;
        server.Stop();
        clock.Move(TimeSpan.FromHours(1));
        await Task.Delay(TimeSpan.FromSeconds(3));
        await server.GoOnAsync();
        await server.HasAsync(before + 1);
        var daily = server.Received[^1];
        Assert.Equal("anna", daily.To);
        Assert.Contains("- ", daily.Text, StringComparison.Ordinal);
        clock.Move(TimeSpan.FromHours(2));
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.Equal(before + 1, server.Received.Length);
    }

    /// <summary>Kinds that a person chose, as they come; not in quiet hours, after which one mail counts it all; who chose none gets none.</summary>
    [SkippableFact]
    public async Task Chosen_kinds_are_mailed_as_counts_and_wait_in_quiet_hours()
    {
        using var server = await MailServer.StartAsync();
        var clock = new MovableClock();
        await using var node = await EndToEndNode.StartAsync(
            DatabaseProvider.Sqlite, null!, o =>
            {
                o.Mail = new MailOptions
                {
                    Host = "127.0.0.1", Port = server.Port, Security = MailSecurity.None, From = "cport@hotline.example", DailyHour = 23,
                };
                o.Portal.Url = "https://portal.example";
            }, clock);
        await node.RegisterAsync("mail-hotline", "Hotline", "Standard", "Administrator", "MK");
        await node.RegisterAsync("mail-police", "Police", "Standard", "Officer", "MK");
        await node.KeyAsync("mail-analyst", "mail-hotline", "Analyst");
        var minute = (int)clock.GetUtcNow().UtcDateTime.TimeOfDay.TotalMinutes;
        var (from, to) = ((minute + 24 * 60 - 30) % (24 * 60), (minute + 30) % (24 * 60));
        await JoinAsync(node, "hans", "Analyst", MailWish.Urgent, "de", new NotificationRules { ByMail = NotificationKind.Holds });
        await JoinAsync(node, "nora", "Analyst", MailWish.Urgent, "en", new NotificationRules
        {
            ByMail = NotificationKind.Holds, QuietFrom = from, QuietTo = to,
        });
        await JoinAsync(node, "plain", "Analyst", MailWish.Urgent, "en");

        // Who looks after the house hears of its keys: one is told of as ending from half an hour on.
        await JoinAsync(node, "dora", "Administrator", MailWish.Urgent, "en", new NotificationRules
        {
            ByMail = NotificationKind.Keys | NotificationKind.Webhooks,
        });
        var made = (await node.PostAsync("operator", "v1/agencies/mail-hotline/keys", new JsonObject
        {
            ["roles"] = new JsonArray("Analyst"), ["expiresAt"] = clock.GetUtcNow().AddDays(14).AddMinutes(30).ToString("O", CultureInfo.InvariantCulture),
        })).Is(HttpStatusCode.Created).Json;
        (await node.PostAsync("operator-2", $"v1/agencies/mail-hotline/keys/{made.GetProperty("keyId").GetString()}:approve", null)).Is(HttpStatusCode.OK);
        await Task.Delay(TimeSpan.FromSeconds(12));
        await HoldAsync("MAIL-H1");
        await server.HasAsync(1);
        await Task.Delay(TimeSpan.FromSeconds(8));
        var mail = Assert.Single(server.Received);
        Assert.Equal(("hans", "Es gibt Neues"), (mail.To, mail.Subject));
        Assert.Contains("- Sperren: 1", mail.Text, StringComparison.Ordinal);
        Assert.Contains("https://portal.example/app", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotMatch("MAIL-|hotline|police|[0-9a-f]{16}|[0-9A-Z]{26}", mail.Text);

        // Over: one mail says it all; and hans hears of the second alone.
        await HoldAsync("MAIL-H2");
        clock.Move(TimeSpan.FromHours(1));
        await server.HasAsync(4);
        await Task.Delay(TimeSpan.FromSeconds(8));
        Assert.Equal(["dora: 1", "hans: 1", "nora: 2"], server.Received.Skip(1).Select(m => $"{m.To}: {m.Text.Split("- ")[1].Split(": ")[1][0]}").Order());

        // An alert that nobody acknowledges reaches the agency's managers before it goes to others, whatever they chose; and once.
        await ManagerAsync(node, "mona", "mail-police");
        var before = server.Received.Length;
        await node.SubmitAsync("gb", Urgent(ReportLifeTests.Hosted("MAIL-U", "MK", 1)));
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("mail-police", "v1/referrals", ("X-Purpose", "Case 4711")), r => r.Text.Contains("alertDue", StringComparison.Ordinal));
        clock.Move(TimeSpan.FromMinutes(11));
        await server.HasAsync(m => m.To == "mona");
        await Task.Delay(TimeSpan.FromSeconds(8));
        var told = Assert.Single(server.Received.Skip(before), m => m.To == "mona");
        Assert.Equal("1 urgent referral has not been acknowledged", told.Subject);
        Assert.DoesNotMatch("MAIL-|hotline|police|[0-9a-f]{16}|[0-9A-Z]{26}", told.Text);

        async Task HoldAsync(string reference)
        {
            var id = await node.SubmitAsync("gb", ReportLifeTests.Hosted(reference, "MK", 1));
            await node.ItemAsync("mail-analyst", id, i => i.GetProperty("state").GetString() == "Unassessed");
            (await node.PostAsync("mail-analyst", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
            var body = ReportLifeTests.With("reason", "BadHoster");
            await EndToEndNode.UntilAsync(
                () => node.PostAsync("mail-police", $"v1/reports/{id}:hold", body.DeepClone(), ("X-Purpose", "Case 4711")), r => r.Status == HttpStatusCode.OK);
        }
    }

    private static string Urgent(string report)
    {
        var body = JsonNode.Parse(report)!.AsObject();
        body["urgent"] = true;
        return body.ToJsonString();
    }

    private static async Task ManagerAsync(EndToEndNode node, string name, string agency)
    {
        var (gateway, now) = (node.Services.GetRequiredService<IPeopleGateway>(), node.Services.GetRequiredService<TimeProvider>().GetUtcNow());
        var shown = await gateway.SendAsync(
            new InvitePerson
            {
                Context = CommandContext.OfSystem(Tenant.Live, now), Agency = AgencyId.Parse(agency), Roles = Roles.Officer | Roles.Manager,
                Secrets = new PersonSecrets { Name = name, SignInName = name, Address = $"{name}@people.example" },
            },
            default);
        Assert.True(EnrolmentLink.TryParse(Assert.IsType<LinkShown>(shown).Secret, out var link));
        await gateway.SendAsync(new AcceptInvitation { Context = CommandContext.OfSystem(Tenant.Live, now), LinkHash = link.Hash }, default);
    }

    private static async Task JoinAsync(
        EndToEndNode node, string name, string role, MailWish wish, string language, NotificationRules? rules = null)
    {
        var invited = (await node.PostAsync("mail-hotline", "v1/people", new JsonObject
        {
            ["name"] = name, ["signInName"] = name, ["roles"] = new JsonArray(role), ["address"] = $"{name}@people.example",
        })).Is(HttpStatusCode.Created).Json;
        var person = PersonId.Parse(invited.GetProperty("person").GetProperty("id").GetString()!);
        Assert.True(EnrolmentLink.TryParse(invited.GetProperty("link").GetString()!.Split('/')[^1], out var link));
        var (gateway, now) = (node.Services.GetRequiredService<IPeopleGateway>(), node.Services.GetRequiredService<TimeProvider>().GetUtcNow());
        await gateway.SendAsync(new AcceptInvitation { Context = CommandContext.OfSystem(Tenant.Live, now), LinkHash = link.Hash }, default);
        var self = new Caller
        {
            Agency = AgencyId.Parse("mail-hotline"), Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = person.Value, Person = person,
        };
        var answer = await gateway.SendAsync(
            new ChangeSettings
            {
                Context = CommandContext.OfSystem(Tenant.Live, now) with { Caller = self }, Person = person,
                Settings = new PersonSettings { Mails = wish, Language = language, Notifications = rules },
            },
            default);
        Assert.True(answer is PersonChanged || wish == MailWish.None, $"{answer}");
    }

    /// <summary>Prints each mail as a line of JSON; takes none for <c>refused@</c>.</summary>
    private sealed class MailServer : IDisposable
    {
        private const string Program = """
            import asyncio, email, email.policy, json, sys
            from aiosmtpd.controller import Controller
            class Sink:
                async def handle_RCPT(self, server, session, envelope, address, options):
                    if address.startswith("refused@"):
                        return "550 no such person"
                    envelope.rcpt_tos.append(address)
                    return "250 OK"
                async def handle_DATA(self, server, session, envelope):
                    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                    print(json.dumps({"to": envelope.rcpt_tos[0].split("@")[0], "subject": mail["Subject"], "auto": mail["Auto-Submitted"],
                                      "text": mail.get_content()}), flush=True)
                    return "250 OK"
            controller = Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]))
            controller.start()
            print("ready", flush=True)
            sys.stdin.read()
            """;

        private readonly List<ReceivedMail> _received = [];
        private Process? _process;

        public int Port { get; } = NodeProcess.FreePort();

        public ReceivedMail[] Received
        {
            get
            {
                lock (_received)
                {
                    return [.. _received];
                }
            }
        }

        public static async Task<MailServer> StartAsync()
        {
            var server = new MailServer();
            await server.GoOnAsync();
            return server;
        }

        public async Task GoOnAsync()
        {
            try
            {
                _process = Process.Start(NodeProcess.Command("/usr/bin/python3", "-c", Program, Port.ToString(CultureInfo.InvariantCulture)))!;
            }
            catch (Win32Exception)
            {
                throw new SkipException("python3 is not installed.");
            }

            var first = await _process.StandardOutput.ReadLineAsync();
            if (first != "ready")
            {
                var error = await _process.StandardError.ReadToEndAsync();
                Skip.If(error.Contains("No module named 'aiosmtpd'", StringComparison.Ordinal), "python3-aiosmtpd is not installed.");
                Assert.Fail(error);
            }

            _ = ReadAsync(_process);
        }

        public Task HasAsync(int mails) => Wait.UntilAsync(
            () => Task.FromResult(Received.Length >= mails), EndToEndNode.Patience, () => $"{Received.Length} mails instead of {mails}");

        public Task HasAsync(Func<ReceivedMail, bool> mail) => Wait.UntilAsync(
            () => Task.FromResult(Received.Any(mail)), EndToEndNode.Patience, () => $"no such mail among {Received.Length}");

        public void Stop()
        {
            _process!.Kill();
            _process.WaitForExit();
        }

        public void Dispose() => Stop();

        private async Task ReadAsync(Process process)
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                using var mail = JsonDocument.Parse(line);
                var root = mail.RootElement;
                lock (_received)
                {
                    _received.Add(new ReceivedMail(
                        root.GetProperty("to").GetString()!, root.GetProperty("subject").GetString()!, root.GetProperty("auto").GetString(),
                        root.GetProperty("text").GetString()!));
                }
            }
        }
    }

    private sealed record ReceivedMail(string To, string Subject, string? AutoSubmitted, string Text);
}
