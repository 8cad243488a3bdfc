import scala.concurrent.duration._

import io.gatling.core.Predef._
import io.gatling.core.structure.{ ChainBuilder, PopulationBuilder }
import io.gatling.http.Predef._

/** The official run: the scenarios, the checks, the rates and the names of the report.
  *
  * Every virtual user has a connection of its own, as is Gatling's default, and keeps it for the
  * second request. People and terms come from files, in their order, so that it is known who is sent.
  */
class Pessoas extends Simulation {
  private val url = sys.props.getOrElse("url", "http://localhost:9999")
  private val scale = sys.props.getOrElse("scale", "1").toDouble

  /** Gatling counts whole seconds. Shorter: a rehearsal. */
  private def scaled(duration: FiniteDuration): FiniteDuration =
    (duration.toSeconds * scale).round.max(1).seconds

  private val add = exec(
    http("criação")
      .post("/pessoas")
      .header("Content-Type", "application/json")
      .body(StringBody("#{payload}"))
      .check(status.in(201, 422, 400))
      .checkIf((response: Response, _: Session) => response.status.code == 201)(
        header("Location").saveAs("location")
      )
  )

  private val look = doIf("#{location.exists()}")(
    pause(1.millisecond, 30.milliseconds).exec(http("consulta").get("#{location}"))
  )

  private val find = feed(tsv("termos-busca.tsv").circular).exec(
    http("busca válida").get("/pessoas").queryParam("t", "#{t}")
  )

  private val findNothing = exec(
    http("busca inválida").get("/pessoas").check(status.is(400))
  )

  private def users(name: String, chain: ChainBuilder, warmUp: Int, most: Double): PopulationBuilder =
    scenario(name)
      .exec(chain)
      .inject(
        constantUsersPerSec(2).during(scaled(warmUp.seconds)),
        rampUsersPerSec(6).to(most).during(scaled(180.seconds))
      )

  private val people =
    scenario("criação e consulta")
      .feed(tsv("pessoas-payloads.tsv").circular)
      .exec(add, look)
      .inject(
        constantUsersPerSec(2).during(scaled(10.seconds)),
        constantUsersPerSec(5).during(scaled(15.seconds)).randomized,
        rampUsersPerSec(6).to(600).during(scaled(180.seconds))
      )

  setUp(
    people,
    users("busca válida", find, 25, 100),
    users("busca inválida", findNothing, 25, 40)
  ).protocols(http.baseUrl(url))
}
