using CPort.IccamClient.Our;
using CPort.IccamClient.Planning;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Running;

/// <summary>
/// Writes to ICCAM what is planned: of each content one after the other, contents independently of one another. Before a word is sent it is looked at whether
/// it stands there, so that what was done and not answered is not done twice. A refusal holds back what comes after it, until a person has looked.
/// </summary>
internal sealed class Sender(IccamWire iccam, IOurNode our, ClientStore store, string analyst, Action<string> say)
{
    public async Task SendAsync(OurAgency us, CancellationToken cancellation)
    {
        for (long after = 0; store.NextDue(after) is { } row;)
        {
            await SendAsync(us, row, cancellation);
            after = row.Number;
        }
    }

    private async Task SendAsync(OurAgency us, OutRow row, CancellationToken cancellation)
    {
        var kind = Words.KindOf(row.Key);
        try
        {
            var item = await our.ItemAsync(row.Item, cancellation);
            if (item is null || Words.Find(us, item, row.Key) is not { } word)
            {
                if (item is not null && Words.IsOver(item, row.Key))
                {
                    store.Dropped(row);
                    say($"content {row.Content}: {Name(kind)} is no longer said");
                    return;
                }

                if (item is not null && kind == WordKind.Assessment)
                {
                    // While somebody is to look at it a second time who does not know, nothing that was said is shown.
                    throw new PassingFaultException("not-shown-now", whole: false);
                }

                store.NotSent(row, Name(kind), [new Refusal("", "gone", "Our item says it no more, or is not for us to see any more.")]);
                say($"content {row.Content}: {Name(kind)} is gone");
                return;
            }

            if (!await StandsAsync(row, word, cancellation))
            {
                await WriteAsync(row.Content, word, cancellation);
            }

            store.Sent(row);
            say($"content {row.Content}: {Name(kind)} written");
        }
        catch (RefusedException e)
        {
            store.NotSent(row, Name(kind), e.Refusals);
            say($"content {row.Content}: {Name(kind)} refused, {e.Refusals[0].Code}");
        }
        catch (PassingFaultException e)
        {
            store.Delay(row, Backoff.After(row.Tries + 1, e.After, Random.Shared.NextDouble()));
            if (e.Whole)
            {
                throw;
            }

            say($"content {row.Content}: {Name(kind)} {e.Code}, tried again later");
        }
    }

    /// <summary>Whether ICCAM has it; if not, it is written down that it is about to be sent.</summary>
    private async Task<bool> StandsAsync(OutRow row, Word word, CancellationToken cancellation)
    {
        ContentAnswer content;
        try
        {
            content = await iccam.ContentAsync(row.Content, cancellation);
        }
        catch (RefusedException) when (word.Kind == WordKind.Move && row.State == WordState.Sending)
        {
            // Once it is another country's it may not be ours to see.
            return true;
        }

        if (Standing.Stands(word, content, row.State == WordState.Sending ? row.Before : null))
        {
            return true;
        }

        store.Send(row, Standing.Count(word, content));
        return false;
    }

    private Task WriteAsync(ContentNumber content, Word word, CancellationToken cancellation) => word switch
    {
        { Kind: WordKind.Reference } => iccam.NameAsync(content, word.Text!, cancellation),
        { Assessment: { } said } => iccam.AssessAsync(content, new AssessmentRequest
        {
            AssessingAnalystName = said.Analyst ?? analyst, Classification = said.Classification, AgeCategorization = said.Age,
            GenderCategorization = said.Gender, VirtualContentCategorization = said.Virtual, UserGeneratedContentCategorization = said.UserGenerated,
            ChildModelingCategorization = said.Modeling,
        }, cancellation),
        { Action: { } done } => iccam.ActAsync(content, new ActionRequest
        {
            ActionType = done.Type, ActioningAnalystName = done.Analyst ?? analyst, ActionDate = Date(done.Date), ReasonId = done.Reason,
            ReasonText = done.ReasonText,
        }, cancellation),
        _ => MoveAsync(content, word, cancellation),
    };

    private async Task MoveAsync(ContentNumber content, Word word, CancellationToken cancellation)
    {
        await iccam.HostAsync(content, word.IpAddress, word.Text!, cancellation);
        await iccam.MoveAsync(content, word.Text!, cancellation);
    }

    private static string Date(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Name(WordKind kind) => kind.ToString().ToLowerInvariant();
}
