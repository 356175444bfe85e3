using Akka.Event;
namespace CPort.Actors.Telemetry;

/// <summary>Counts dead letters and dropped messages of this node by message type. Owns nothing else; losing it loses only the counts.</summary>
public sealed class DeadLetterCounter : ReceiveActor
{
    public DeadLetterCounter()
    {
        // A callback for a stream that is over; no message of anybody's. Each look of the read journal ends with one or two (its kill switch is told when it is
        // done), 33 a second on a node at rest, among which real losses could not be seen.
        Receive<AllDeadLetters>(letter => letter.Message.GetType().Name == "AsyncInput", _ => { });
        Receive<AllDeadLetters>(letter => CPortMetrics.DeadLetter(letter.Message.GetType()));
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(AllDeadLetters));
}

public static class DeadLetterSetup
{
    public static AkkaConfigurationBuilder AddDeadLetterCounter(this AkkaConfigurationBuilder akka) =>
        akka.WithActors((system, _) => system.ActorOf(Props.Create<DeadLetterCounter>(), "dead-letters"));
}
