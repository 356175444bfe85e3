using CPort.Domain.Iwol;

namespace CPort.Actors.Iwol;

/// <summary>Owns the list and its versions: one entity for the whole cluster, because versions count over all domains.</summary>
public sealed class IwolListActor : PersistentEntity
{
    private IwolList _list = IwolList.None;

    public IwolListActor(EntityShell shell)
        : base(EntityName.IwolList, shell)
    {
        Recover<IwolListChanged>(e => _list = _list.Apply(e));
        Command<GetIwolList>(q => Sender.Tell(q.Page(_list)));
        Command<PublishDomain>(Publish);
    }

    private void Publish(PublishDomain command)
    {
        var sender = Sender;
        if (command.Decide(_list) is not { } change)
        {
            sender.Tell(new IwolPublished { Key = command.Key, Version = _list.VersionOf(command.Key, command.Change) ?? 0 });
            return;
        }

        Persist(change with { Meta = Stamp(change.Meta, Time.GetUtcNow()) }, e =>
        {
            _list = _list.Apply(e);
            sender.Tell(new IwolPublished { Key = e.Key, Version = e.Version });
        });
    }
}
