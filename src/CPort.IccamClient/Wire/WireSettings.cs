namespace CPort.IccamClient.Wire;

/// <summary>How ICCAM is spoken to.</summary>
public sealed record WireSettings
{
    public required string User { get; init; }
    public required string Password { get; init; }

    /// <summary>Between two requests.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>After a sign-in: a server may need it until the token is known everywhere.</summary>
    public TimeSpan PauseAfterSignIn { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer is waited for; servers may hold a request until they know.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(100);

    public override string ToString() => nameof(WireSettings);
}
