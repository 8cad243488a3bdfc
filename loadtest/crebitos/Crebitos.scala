import scala.concurrent.duration._
import scala.util.{ Random, Try }

import io.gatling.commons.validation._
import io.gatling.core.Predef._
import io.gatling.core.structure.PopulationBuilder
import io.gatling.http.Predef._
import io.gatling.http.check.HttpCheck
import io.gatling.http.request.builder.HttpRequestBuilder

/** The official run: the order, the checks, the rates and the names of the report.
  *
  * The names of requests and of the check of balances are those that the official report and the
  * official score go by. Every virtual user has a connection of its own, as is Gatling's default.
  */
class Crebitos extends Simulation {
  private val url = sys.props.getOrElse("url", "http://localhost:9999")

  /** The ramp, and as long again at its top; Gatling counts whole seconds. Shorter: a rehearsal. */
  private val duration = (120 * sys.props.getOrElse("scale", "1").toDouble).round.max(1).seconds

  private val together = 25
  private val limites = Seq(1 -> 100000, 2 -> 80000, 3 -> 1000000, 4 -> 10000000, 5 -> 500000)
  private val random = new Random

  private def extrato(name: String, id: String): HttpRequestBuilder =
    http(name).get(s"/clientes/$id/extrato")

  private def transacao(name: String, id: String, body: String): HttpRequestBuilder =
    http(name)
      .post(s"/clientes/$id/transacoes")
      .header("Content-Type", "application/json")
      .body(StringBody(body))

  private def body(valor: String, tipo: String, descricao: String): String =
    s"""{"valor": $valor, "tipo": "$tipo", "descricao": $descricao}"""

  /** That the balance is not below -limite; what breaks it costs 803.01 USD. */
  private def limitHolds(inside: String = ""): Seq[HttpCheck] = Seq(
    jmesPath(s"${inside}limite").saveAs("limite"),
    jmesPath(s"$inside${if (inside.isEmpty) "saldo" else "total"}")
      .validate(
        "ConsistenciaSaldoLimite",
        (saldo: Option[String], session: Session) => {
          val numbers = for {
            saldo <- saldo.flatMap(text => Try(text.toInt).toOption)
            limite <- Try(session("limite").as[String].toInt).toOption
          } yield (saldo, limite)
          numbers match {
            case Some((saldo, limite)) if saldo >= -limite => Success(Option(saldo.toString))
            case Some((saldo, limite)) => Failure(s"saldo $saldo is below -limite $limite")
            case None => Failure("saldo or limite is not an integer")
          }
        }
      )
  )

  /** That this row of the statement, counted from the newest, is that transaction of 1. */
  private def row(number: Int, descricao: String, tipo: String): Seq[HttpCheck] = Seq(
    jmesPath(s"ultimas_transacoes[$number].descricao").is(descricao),
    jmesPath(s"ultimas_transacoes[$number].tipo").is(tipo),
    jmesPath(s"ultimas_transacoes[$number].valor").ofType[Int].is(1)
  )

  private def transactionsTogether(tipo: String): PopulationBuilder =
    scenario(s"validação: $together x $tipo")
      .exec(transacao("validações", "1", body("1", tipo, "\"validacao\"")).check(status.is(200)))
      .inject(atOnceUsers(together))

  private def totalIs(total: Int): PopulationBuilder =
    scenario(s"validação: saldo $total")
      .exec(extrato("validações", "1").check(jmesPath("saldo.total").ofType[Int].is(total)))
      .inject(atOnceUsers(1))

  private val unknownClient =
    scenario("validação: cliente desconhecido")
      .exec(extrato("validações", "6").check(status.is(404)))
      .inject(atOnceUsers(1))

  private val eachClient = {
    val id = "#{id}"
    def valid(tipo: String, descricao: String): HttpRequestBuilder =
      transacao("validações", id, body("1", tipo, s""""$descricao"""")).check(status.is(200))
    val newest = extrato("validações", id)
      .check(row(0, "danada", "c"): _*)
      .check(
        jmesPath("saldo.limite").is("#{limite}"),
        jmesPath("saldo.total").is("#{saldo}")
      )
    val refused = Seq(
      body("1.2", "d", "\"devolve\""),
      body("1", "x", "\"devolve\""),
      body("1", "c", "\"123456789 e mais um pouco\""),
      body("1", "c", "\"\""),
      body("1", "c", "null")
    ).map(transacao("validações", id, _).check(status.in(422, 400)))

    scenario("validação: cada cliente")
      .feed(limites.map { case (id, limite) => Map("id" -> id, "limite" -> limite) }.toArray)
      .exec(
        extrato("validações", id).check(
          status.is(200),
          jmesPath("saldo.limite").is("#{limite}"),
          jmesPath("saldo.total").is("0")
        )
      )
      .exec(valid("c", "toma").check(limitHolds(): _*))
      .exec(valid("d", "devolve").check(limitHolds(): _*))
      .exec(extrato("validações", id).check(row(0, "devolve", "d") ++ row(1, "toma", "c"): _*))
      .exec(
        valid("c", "danada")
          .check(jmesPath("saldo").saveAs("saldo"), jmesPath("limite").saveAs("limite"))
          // At the same moment, as soon as the credit is answered.
          .resources(newest, newest, newest, newest)
      )
      .exec(refused.map(exec(_)))
      .inject(atOnceUsers(limites.size))
  }

  private def loaded(name: String, request: HttpRequestBuilder, rate: Double): PopulationBuilder =
    scenario(name)
      .feed(Iterator.continually(Map(
        "id" -> random.between(1, 6),
        "valor" -> random.between(1, 10001),
        "descricao" -> random.alphanumeric.take(10).mkString
      )))
      .exec(request)
      .inject(
        rampUsersPerSec(1).to(rate).during(duration),
        constantUsersPerSec(rate).during(duration)
      )

  private val load = {
    def drawn(name: String, tipo: String): HttpRequestBuilder =
      transacao(name, "#{id}", body("#{valor}", tipo, "\"#{descricao}\""))
    Seq(
      loaded(
        "débitos",
        drawn("débitos", "d")
          .check(status.in(200, 422))
          .checkIf((response: Response, _: Session) => response.status.code == 200)(
            limitHolds(): _*
          ),
        220
      ),
      loaded(
        "créditos",
        drawn("créditos", "c").check(status.is(200)).check(limitHolds(): _*),
        110
      ),
      loaded("extratos", extrato("extratos", "#{id}").check(limitHolds("saldo."): _*), 10)
    )
  }

  setUp(
    transactionsTogether("d")
      .andThen(totalIs(-together))
      .andThen(transactionsTogether("c"))
      .andThen(totalIs(0))
      // The load waits for the unknown client only; the other validations go on beneath it.
      .andThen(eachClient, unknownClient.andThen(load))
  ).protocols(http.baseUrl(url))
}
