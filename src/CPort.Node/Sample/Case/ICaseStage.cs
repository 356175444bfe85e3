namespace CPort.Node.Sample.Case;

/// <summary>Where the case is played: the demo's node, a test's, or three behind a load balancer.</summary>
public interface ICaseStage
{
    /// <summary>Where agencies reach the API.</summary>
    Uri Url { get; }

    /// <summary>An operator's key.</summary>
    string OperatorKey { get; }

    /// <summary>That of a second operator, of another hand, who agrees to what the first wants.</summary>
    string SecondOperatorKey { get; }

    /// <summary>Its clock.</summary>
    DateTimeOffset Now { get; }

    /// <summary>How long is waited for what comes by itself.</summary>
    TimeSpan Patience { get; }

    /// <summary>Lets so much time pass; false: nobody can move this stage's clock.</summary>
    Task<bool> PassAsync(TimeSpan time);

    /// <summary>Does it while a node dies; on a stage of one node, twice, as a browser does that got no answer.</summary>
    Task WhileNodeDiesAsync(Func<Task> act);

    /// <summary>A new officer of the Dutch police, signed in at the pages, who has said why.</summary>
    Task<ICasePerson> SignInAsync(CasePlay play, string signInName, string name);
}

/// <summary>Somebody who is signed in at the pages.</summary>
public interface ICasePerson : IDisposable
{
    /// <summary>Opens a page; false: it asks to sign in.</summary>
    Task<bool> OpensAsync(string path);
}

/// <summary>Something did not come out as the case has it.</summary>
public sealed class CaseException(string message) : Exception(message);
