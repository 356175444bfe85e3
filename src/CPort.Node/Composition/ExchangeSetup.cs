using System.Net;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Exchange;
using CPort.Actors.People;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Api.Exchange;
using CPort.Domain.Confidential;
using CPort.Domain.Exchange;
using CPort.Node.Adapters;
using CPort.Portal.Texts;

namespace CPort.Node.Composition;

/// <summary>What goes to agencies: feeds, written on one node and read on every one, and webhooks, delivered by one.</summary>
internal static class ExchangeSetup
{
    public static IServiceCollection AddExchange(this IServiceCollection services, NodeOptions all) => services
        .AddFeeds(all.Exchange)
        .AddPreparation<Database>(MailCourier.EnsureTablesAsync)
        .AddMails(all);

    /// <summary>Nothing, where no mail server is named.</summary>
    private static IServiceCollection AddMails(this IServiceCollection services, NodeOptions options) => !options.Mail.IsOn ? services : services
        .AddSingleton<IMailTexts>(new MailTexts(options.PortalUrl))
        .AddSingleton<IMailSender>(p => new MailSender(options.Mail, p.GetRequiredService<TimeProvider>()))
        .AddSingleton(new MailTimes(TimeSpan.FromMinutes(options.Mail.MinutesApart), options.Mail.DailyHour))
        .AddSingleton(p => new MailSources(
            p.GetRequiredService<FeedReader>(), p.GetRequiredService<QueueReader>(), p.GetRequiredService<ReferralReader>(),
            p.GetRequiredService<NotificationReader>(), p.GetRequiredService<HouseClocks>(), p.GetRequiredService<AgencyDirectoryFeed>(),
            p.GetRequiredService<PeopleDirectoryFeed>()))
        .AddHostedService<MailDelivering>();

    private static IServiceCollection AddFeeds(this IServiceCollection services, ExchangeOptions options) => services
        .AddSingleton(new WebhookOptions
        {
            Patience = TimeSpan.FromSeconds(options.WebhookSeconds), AllowedNetworks = [.. options.AllowedNetworks.Select(IPNetwork.Parse)],
        })
        .AddSingleton(p => new FeedWriter(
            p.GetRequiredService<Database>(), p.GetRequiredService<JournalReader>(), p.GetRequiredService<JournalTail>(),
            p.GetRequiredService<ConfidentialSeam>(), p.GetRequiredService<AgencyDirectoryFeed>(), p.GetRequiredService<TimeProvider>()))
        .AddSingleton<FeedReader>()
        .AddSingleton<FeedHead>()
        .AddSingleton<WebhookStore>()
        .AddSingleton<IWebhookSender, WebhookSender>()
        .AddSingleton<IWebhookBodies, WebhookBodies>()
        .AddPreparation<Database>(FeedTables.EnsureAsync)
        .AddPreparation<Database>(WebhookStore.EnsureTablesAsync)
        .AddHostedService<FeedWriting>()
        .AddHostedService<WebhookDelivering>();
}

/// <summary>Runs this node's writer of the feeds while the node runs.</summary>
internal sealed partial class FeedWriting(
    NodeState state, Database database, FeedWriter writer, AuditNode node, NodeOptions options, TimeProvider time, ILogger<FeedWriting> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await state.RunsAsync(stoppingToken))
        {
            await new LeasedWork(database, "cport-feed", node.Name, time, fault => Waits(log, fault))
                .RunAsync(token => writer.RunAsync(TimeSpan.FromDays(options.Exchange.FeedDays), token), stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The feeds are not taken further at the moment; what happens waits in the journal: {Fault}")]
    private static partial void Waits(ILogger logger, string fault);
}

/// <summary>Has this node deliver webhooks while it runs, unless another one does.</summary>
internal sealed partial class WebhookDelivering(
    NodeState state, Database database, WebhookStore store, FeedReader reader, FeedHead head, IWebhookSender sender, IWebhookBodies bodies, IAuditLog audit,
    AgencyDirectoryFeed directory, AuditNode node, TimeProvider time, ILogger<WebhookDelivering> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await state.RunsAsync(stoppingToken))
        {
            await new LeasedWork(database, "cport-webhooks", node.Name, time, fault => Waits(log, fault)).RunAsync(
                token => new WebhookCourier(store, reader, head, sender, bodies, audit, directory, time, fault => Waits(log, fault)).RunAsync(token),
                stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhooks are not delivered at the moment; news wait in the feeds: {Fault}")]
    private static partial void Waits(ILogger logger, string fault);
}

/// <summary>Has this node send mails while it runs, unless another one does.</summary>
internal sealed partial class MailDelivering(
    NodeState state, Database database, MailSources sources, ConfidentialSeam seam, IMailTexts texts, IMailSender sender, MailTimes times, AuditNode node,
    TimeProvider time, ILogger<MailDelivering> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await state.RunsAsync(stoppingToken))
        {
            await new LeasedWork(database, "cport-mails", node.Name, time, fault => Waits(log, fault)).RunAsync(
                token => new MailCourier(database, sources, seam, texts, sender, times, time, fault => Waits(log, fault)).RunAsync(token), stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not all mails are sent at the moment: {Fault}")]
    private static partial void Waits(ILogger logger, string fault);
}
