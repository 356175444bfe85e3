namespace CPort.Api.Reading;

/// <summary>
/// Bytes of bodies that requests of this node hold at this moment, in all and by agency; one for the process. The last quarter is for agencies that hold
/// little, so that some alone cannot keep another one out. Thread-safe.
/// </summary>
public sealed class BodiesUnderWay(IntakeLimits limits)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AgencyId, long> _ofAgency = [];
    private long _all;

    /// <summary>All that is held now.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _all;
            }
        }
    }

    /// <summary>A request's share, empty at first; to be disposed when the request has its answer.</summary>
    public Share Begin(AgencyId? agency) => new(this, agency ?? default);

    private void Change(AgencyId agency, long bytes)
    {
        lock (_lock)
        {
            var its = _ofAgency.GetValueOrDefault(agency) + bytes;
            var isMuch = its > limits.BodyBytesUnderWay / 16;
            if (bytes > 0 && (its > limits.BodyBytesUnderWayPerAgency || (isMuch && _all + bytes > limits.BodyBytesUnderWay / 4 * 3)))
            {
                throw ApiProblemException.Of(ProblemCodes.TooMuchUnderWay,
                    $"Bodies of {its - bytes} bytes of this agency are under way on this node (limit: bodies under way).");
            }

            if (bytes > 0 && _all + bytes > limits.BodyBytesUnderWay)
            {
                throw ApiProblemException.Of(ProblemCodes.Unavailable,
                    $"Bodies of {limits.BodyBytesUnderWay} bytes are under way on this node (limit: bodies under way).");
            }

            _all += bytes;
            if (its == 0)
            {
                _ofAgency.Remove(agency);
            }
            else
            {
                _ofAgency[agency] = its;
            }
        }
    }

    /// <summary>What one request holds.</summary>
    public sealed class Share(BodiesUnderWay all, AgencyId agency) : IDisposable
    {
        private long _held;

        /// <summary>Holds so many bytes from now on; throws <see cref="ApiProblemException"/> (429, 503) when there is no room.</summary>
        public void Grow(long bytes)
        {
            if (bytes > _held)
            {
                all.Change(agency, bytes - _held);
                _held = bytes;
            }
        }

        public void Dispose()
        {
            all.Change(agency, -_held);
            _held = 0;
        }
    }
}
