using System.Text.Json;
using CPort.Actors.Personal;

namespace CPort.Portal.Breaks;

/// <summary>Keeps each person's <see cref="Exposure"/>, sealed and the person's alone.</summary>
internal sealed class BreakKeeper(PersonalStore store, BreakLimits limits, TimeProvider time)
{
    public async Task<Exposure> OfAsync(Caller caller, CancellationToken cancellation) =>
        await store.OnlyAsync(caller, PersonalKind.Exposure, cancellation) is { } kept && JsonSerializer.Deserialize<Exposure>(kept.Body) is { } exposure
            && !exposure.IsOver(time.GetUtcNow()) ? exposure : new Exposure();

    public async Task<bool> IsDueAsync(Caller caller, CancellationToken cancellation) =>
        (await OfAsync(caller, cancellation)).IsDue(limits.Of(caller.Agency), time.GetUtcNow());

    public async Task CountAsync(Caller caller, CancellationToken cancellation, int assessed = 0, int opened = 0) =>
        await PutAsync(caller, (await OfAsync(caller, cancellation)).After(time.GetUtcNow(), assessed, opened), cancellation);

    public async Task PutOffAsync(Caller caller, CancellationToken cancellation) =>
        await PutAsync(caller, (await OfAsync(caller, cancellation)).PutOff(time.GetUtcNow()), cancellation);

    /// <summary>A break is taken: counting begins anew with the next deed.</summary>
    public Task TakenAsync(Caller caller, CancellationToken cancellation) => PutAsync(caller, new Exposure(), cancellation);

    private Task PutAsync(Caller caller, Exposure exposure, CancellationToken cancellation) =>
        store.PutOnlyAsync(caller, PersonalKind.Exposure, JsonSerializer.Serialize(exposure), cancellation);
}
