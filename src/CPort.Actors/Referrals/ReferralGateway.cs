using CPort.Domain.Referrals;

namespace CPort.Actors.Referrals;

/// <summary>The entity did not answer in time; repeating the command with the same id is safe.</summary>
public sealed class ReferralsUnavailableException(Exception inner) : UnavailableException("The referral did not answer in time.", inner);

/// <summary>The way to referrals from outside their actors. Thread-safe.</summary>
public interface IReferralGateway
{
    /// <summary>Sends a command and waits for its durable answer.</summary>
    Task<ReferralReply> SendAsync(IReferralCommand command, CancellationToken cancellation);

    /// <summary>A page of a referral as the caller may see it.</summary>
    Task<ReferralPage> GetAsync(GetReferral query, CancellationToken cancellation);
}

/// <summary>Over the shard region.</summary>
public sealed class ReferralGateway(IReadOnlyActorRegistry actors, TimeSpan patience, TimeProvider time) : IReferralGateway
{
    public Task<ReferralReply> SendAsync(IReferralCommand command, CancellationToken cancellation) => AskAsync<ReferralReply>(command, cancellation);

    public Task<ReferralPage> GetAsync(GetReferral query, CancellationToken cancellation) => AskAsync<ReferralPage>(query, cancellation);

    private async Task<T> AskAsync<T>(IReferralMessage message, CancellationToken cancellation)
    {
        try
        {
            return await actors.Get<ReferralRegion>().AskUntilAnsweredAsync<T>(
                message, new AskTimes(patience / 4, patience / 2, patience), time, cancellation).ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new ReferralsUnavailableException(e);
        }
    }
}
